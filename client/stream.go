// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// open runs a call whose answer is read as a stream, up to the answer's headers:
// retry and circuit breaker work on that. The caller closes the body; until then
// the call is under way. The error is an *Error.
func (e *engine) open(ctx context.Context, op *operation, m *message) (*http.Response, error) {
	c := &call{engine: e, op: op, message: m, streams: true, begun: time.Now()}
	o := c.op.observed
	if o == nil {
		return c.openAndCount(ctx)
	}
	ctx, span := o.beginCall(ctx)
	err := error(errPanicked)
	defer func() { o.endCall(ctx, span, c, err) }()
	response, err := c.openAndCount(ctx)
	return response, err
}

func (c *call) openAndCount(ctx context.Context) (*http.Response, error) {
	if err := c.openUnlessStopped(ctx); err != nil {
		return nil, c.end(ctx, err)
	}
	return c.stream, nil
}

func (c *call) openUnlessStopped(ctx context.Context) error {
	if !c.enter() {
		return ErrStopped
	}
	leave := c.gate.leave
	defer func() { leave() }()
	if err := c.runOnce(ctx); err != nil {
		return err
	}
	body, ok := c.stream.Body.(*streamBody)
	if !ok { // an interceptor's
		body = &streamBody{ReadCloser: c.stream.Body, ctx: ctx, cancel: func(error) {}}
		c.stream.Body = body
	}
	body.atEnd(leave)
	leave = func() {}
	return nil
}

// exchangeForStream makes one attempt. Its time limit ends with the headers; from
// then on only a pause in the stream is limited.
func (c *call) exchangeForStream(ctx context.Context) error {
	a := c.beginAttempt()
	streamCtx, cancel := context.WithCancelCause(withoutLimit(withStreaming(ctx)))
	b := &streamBody{ctx: streamCtx, cancel: cancel, idleTimeout: c.op.idleTimeout}
	if timeout := c.timeout(); timeout > 0 {
		b.timer = time.AfterFunc(timeout, func() { cancel(&timeoutError{timeout, "timeout"}) })
	}
	isOpen := false
	defer func() {
		if !isOpen { // an error, or a panic of the user's code
			b.end()
		}
	}()
	request, err := c.newRequest(streamCtx, a)
	if err != nil {
		return c.unanswered(ctx, streamCtx, err)
	}
	c.telemetry.inject(streamCtx, request)
	response, err := c.transmit(a, request)
	if err != nil {
		return c.unanswered(ctx, streamCtx, err)
	}
	c.answered(response)
	b.ReadCloser = response.Body
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer func() { _ = b.Close() }()
		return c.refused(response)
	}
	b.begin()
	response.Body, c.stream, isOpen = b, response, true
	return nil
}

// streamBody is the body of an answer that is read as a stream.
type streamBody struct {
	io.ReadCloser
	ctx         context.Context // of the request
	cancel      context.CancelCauseFunc
	timer       *time.Timer   // first of the headers, then of a pause
	idleTimeout time.Duration // 0: none
	ended       []func()      // to be called at the end, besides cancel
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
		err = asCodingError(err)
		if reason, isIdle := context.Cause(b.ctx).(*idleError); isIdle && err != io.EOF {
			err = reason
		}
		b.end()
	}
	return n, err
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
		b.cancel(errEnded)
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

// streamFailed describes what went wrong while a stream was read.
func (e *engine) streamFailed(ctx context.Context, op *operation, m *message, response *http.Response, err error) *Error {
	failed := (&call{engine: e, op: op, message: m}).newError()
	failed.Attempts = 1
	failed.Status, failed.Header = response.StatusCode, e.secrets.header(response.Header)
	failed.Err = err
	if ctx.Err() != nil {
		failed.Err = withCause(ctx.Err(), err)
	}
	return failed
}
