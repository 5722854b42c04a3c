// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/kernel"
)

// decodedBody is the body of a response, decoded by one content coding or
// several. It begins to decode when it is first read: an empty body is of every
// coding. A body that is not of its codings is an [ErrDecode]. Close may be
// called while Read is under way.
type decodedBody struct {
	encoded  io.ReadCloser // of the connection
	isClosed atomic.Bool
	drains   bool // the rest is read, so that the connection can be used again

	mu     sync.Mutex       // held by Read
	layers []*decodingLayer // the last one's output is the body
	err    error            // what Read returned at its end
}

// newDecodedBody decodes by the codings in the order in which they are given.
func newDecodedBody(encoded io.ReadCloser, codings []ContentCoding, drains bool) *decodedBody {
	b := &decodedBody{encoded: encoded, drains: drains}
	source := io.Reader(encoded)
	for _, coding := range codings {
		layer := newDecodingLayer(coding, source)
		b.layers = append(b.layers, layer)
		source = layer
	}
	return b
}

// Read implements [io.Reader].
func (b *decodedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.layers[len(b.layers)-1].Read(p)
	switch {
	case err != nil:
		b.err = err
		b.end()
	case b.isClosed.Load(): // meanwhile
		b.err = http.ErrBodyReadAfterClose
		b.closeLayers()
	}
	return n, err
}

// end gives the decoders up after the last Read, and reads what is left of the
// encoded body. One that was not of its codings is closed.
func (b *decodedBody) end() {
	b.closeLayers()
	if b.drains {
		_, _ = io.CopyN(io.Discard, b.encoded, message.MaxDrained)
	}
	if b.err != io.EOF {
		_ = b.closeEncoded()
	}
}

// Close implements [io.Closer]. It ends a Read that waits for the connection.
func (b *decodedBody) Close() error {
	err := b.closeEncoded()
	if b.mu.TryLock() { // else a Read uses the decoders
		defer b.mu.Unlock()
		b.closeLayers()
		if b.err == nil {
			b.err = http.ErrBodyReadAfterClose
		}
	}
	return err
}

func (b *decodedBody) closeEncoded() error {
	if b.isClosed.Swap(true) {
		return nil
	}
	return b.encoded.Close()
}

func (b *decodedBody) closeLayers() {
	for _, layer := range slices.Backward(b.layers) {
		layer.close()
	}
}

// decodingLayer decodes by one coding, which may be a user's: its panics and
// errors are errors of the body.
type decodingLayer struct {
	coding  ContentCoding
	source  *watchedReader
	encoded *bufio.Reader // of source
	decoder io.ReadCloser // nil: not made yet
}

func newDecodingLayer(coding ContentCoding, source io.Reader) *decodingLayer {
	watched := &watchedReader{r: source}
	return &decodingLayer{coding: coding, source: watched, encoded: bufio.NewReader(watched)}
}

// watchedReader keeps the error with which a reader failed.
type watchedReader struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// maxEmptyReads is how often a decoder may return neither bytes nor an error.
const maxEmptyReads = 100

// Read implements [io.Reader].
func (l *decodingLayer) Read(p []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, l.failed(kernel.NewPanicError(r))
		}
	}()
	if l.decoder == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	for range maxEmptyReads {
		n, err := l.decoder.Read(p)
		switch {
		case n < 0 || n > len(p):
			return 0, l.failed(fmt.Errorf("Read returned %d for %d bytes", n, len(p)))
		case err == io.EOF && l.source.err != nil:
			return n, l.source.err
		case err != nil && err != io.EOF:
			return n, l.failed(err)
		case err != nil || n > 0 || len(p) == 0:
			return n, err
		}
	}
	return 0, l.failed(io.ErrNoProgress)
}

// open makes the decoder. It returns io.EOF if there is nothing to decode.
func (l *decodingLayer) open() error {
	if _, err := l.encoded.Peek(1); err != nil {
		return err
	}
	decoder, err := l.coding.NewReader(l.encoded)
	switch {
	case err == io.EOF:
		return l.failed(io.ErrUnexpectedEOF)
	case err != nil:
		return l.failed(err)
	case decoder == nil:
		return l.failed(errors.New("NewReader returned neither a reader nor an error"))
	}
	l.decoder = decoder
	return nil
}

// failed is the error of a body that is not of the coding, unless the encoded
// body failed before.
func (l *decodingLayer) failed(err error) error {
	if l.source.err != nil {
		return l.source.err
	}
	return message.CodingError(l.coding.Name(), err)
}

func (l *decodingLayer) close() {
	if l.decoder == nil {
		return
	}
	defer func() { _ = recover() }() // a user's
	decoder := l.decoder
	l.decoder = nil
	_ = decoder.Close()
}
