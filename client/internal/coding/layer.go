// SPDX-License-Identifier: Apache-2.0

package coding

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// decodingLayer decodes by one coding, which may be a user's: its panics and
// errors are errors of the body.
type decodingLayer struct {
	coding  Coding
	source  *watchedReader
	encoded *bufio.Reader // of source
	decoder io.ReadCloser // nil: not made yet
}

func newDecodingLayer(coding Coding, source io.Reader) *decodingLayer {
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
	return &Error{l.coding.Name(), usercode.Error(err)}
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
