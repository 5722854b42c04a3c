// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// SentBody is the body of one attempt whose content a reader of the caller's
// gives. Its reads end when the attempt does, even if the reader blocks; the next
// attempt begins after the reader has returned.
type SentBody struct {
	reader io.Reader
	ctx    context.Context // of the attempt
	cut    context.Context // ends when the engine cuts its calls; its cause is the error of a read

	own     []byte          // what the reader fills, and
	results chan readResult // what it returns; nil once a read has been abandoned

	mu       sync.Mutex
	reading  bool
	isClosed bool
	err      error         // of the reader, but for its end
	closed   chan struct{} // closed by Close
	released chan struct{} // closed when the reader is nobody's any more
}

func newSentBody(ctx, cut context.Context, reader io.Reader) *SentBody {
	return &SentBody{reader: reader, ctx: ctx, cut: cut, closed: make(chan struct{}), released: make(chan struct{})}
}

type readResult struct {
	n   int
	err error
}

var errBodyClosed = errors.New("the body was read after its end")

// Read implements io.Reader.
func (b *SentBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.isClosed || b.reading {
		b.mu.Unlock()
		return 0, errBodyClosed
	}
	b.reading = true
	b.mu.Unlock()
	if isInMemory(b.reader) {
		return b.read(p)
	}
	own, results := b.own, b.results
	b.own, b.results = nil, nil
	if len(own) < len(p) {
		own = make([]byte, len(p))
	}
	if results == nil {
		results = make(chan readResult, 1)
	}
	go b.readInto(own[:len(p)], results) // p stays with its owner, who may abandon the read
	select {
	case r := <-results:
		b.own, b.results = own, results
		return copy(p, own[:r.n]), r.err
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	case <-b.cut.Done():
		return 0, context.Cause(b.cut)
	case <-b.closed:
		return 0, errBodyClosed
	}
}

func (b *SentBody) readInto(p []byte, results chan<- readResult) {
	r := readResult{err: errReaderLeft}
	defer func() { results <- r }()
	r.n, r.err = b.read(p)
}

var errReaderLeft = errors.New("the reader of the body has left its goroutine by runtime.Goexit")

// isInMemory reports whether a reader never blocks.
func isInMemory(reader io.Reader) bool {
	switch reader.(type) {
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		return true
	}
	return false
}

// read reads from the caller's reader, which may panic or return nonsense.
func (b *SentBody) read(p []byte) (n int, err error) {
	err = errReaderLeft
	defer func() { b.endRead(err) }()
	err = usercode.Call(func() (err error) {
		n, err = b.reader.Read(p)
		return err
	})
	if n < 0 || n > len(p) {
		n, err = 0, fmt.Errorf("the reader of the body returned %d bytes of %d", n, len(p))
	}
	return n, err
}

func (b *SentBody) endRead(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = false
	if err != nil && err != io.EOF && b.err == nil {
		b.err = err
	}
	if b.isClosed {
		close(b.released)
	}
}

// Close ends the body. It does not close the caller's reader.
func (b *SentBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed {
		return nil
	}
	b.isClosed = true
	close(b.closed)
	if !b.reading {
		close(b.released)
	}
	return nil
}

// ReadError is why the caller's reader could not be read, or nil.
func (b *SentBody) ReadError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// waitUntilReleased waits until nobody reads from the caller's reader.
func (b *SentBody) waitUntilReleased(ctx context.Context) error {
	select {
	case <-b.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-b.cut.Done():
		return context.Cause(b.cut)
	}
}
