// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// streamBody is the body of a response that is read as a stream.
type streamBody struct {
	io.ReadCloser
	ctx         context.Context // of the request
	cancel      context.CancelCauseFunc
	timer       *time.Timer   // first of the headers, then of a pause
	idleTimeout time.Duration // 0: none
	ended       []func()      // to be called at the end, besides cancel
	onFailure   func(error)   // is told why the stream broke; nil: nobody
	failure     sync.Once
	once        sync.Once
}

// atEnd has a function called when the stream ends. It must be called before
// anybody else has the body.
func (b *streamBody) atEnd(f func()) { b.ended = append(b.ended, f) }

// begin lets the limit of pauses take the place of that of the headers. It runs
// only while somebody waits for the service.
func (b *streamBody) begin() {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if b.idleTimeout > 0 {
		b.timer = time.AfterFunc(b.idleTimeout, func() { b.cancel(&idleError{b.idleTimeout}) })
		b.timer.Stop()
	}
}

// Read implements io.Reader.
func (b *streamBody) Read(p []byte) (int, error) {
	if b.timer != nil {
		b.timer.Reset(b.idleTimeout)
	}
	n, err := b.ReadCloser.Read(p)
	if b.timer != nil {
		b.timer.Stop()
	}
	if err != nil {
		err = message.AsCodingError(err)
		if reason, isIdle := context.Cause(b.ctx).(*idleError); isIdle && err != io.EOF {
			err = reason
		}
		if err != io.EOF {
			b.fail(err)
		}
		b.end()
	}
	return n, err
}

// fail counts the stream as one that broke.
func (b *streamBody) fail(err error) {
	if b.onFailure != nil {
		b.failure.Do(func() { b.onFailure(err) })
	}
}

// Close ends the stream, and with it the call.
func (b *streamBody) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}

func (b *streamBody) end() {
	b.once.Do(func() {
		if b.timer != nil {
			b.timer.Stop()
		}
		b.cancel(nil)
		for _, f := range b.ended {
			f()
		}
	})
}

// idleError says that a stream paused longer than the setting allows.
type idleError struct{ limit time.Duration }

func (e *idleError) Error() string {
	return fmt.Sprintf("the stream paused for longer than the stream-idle-timeout of %s", e.limit)
}
func (e *idleError) Unwrap() error { return context.DeadlineExceeded }
func (e *idleError) Timeout() bool { return true }
