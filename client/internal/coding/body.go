// SPDX-License-Identifier: Apache-2.0

package coding

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
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
func newDecodedBody(encoded io.ReadCloser, codings []Coding, drains bool) *decodedBody {
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
		_, _ = io.CopyN(io.Discard, b.encoded, MaxDrained)
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
