// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
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
	w := c.beginWait(ctx)
	leave := func() { w.end(); c.gate.Leave() }
	defer func() { leave() }()
	if err := c.runOnce(w); err != nil {
		if w.wasCut() {
			return c.cutOff(err)
		}
		return err
	}
	body, ok := c.stream.Body.(*streamBody)
	if !ok { // an interceptor's
		body = &streamBody{ReadCloser: c.stream.Body, ctx: ctx, cancel: func(error) {}}
		c.stream.Body = body
	}
	body.onFailure = func(err error) { c.live.ended(ctx, c.op, c.streamError(ctx, err)) }
	body.atEnd(leave)
	leave = func() {}
	return nil
}

// streamError describes why a stream broke.
func (c *call) streamError(ctx context.Context, err error) *Error {
	e := c.newError()
	e.Err = err
	e.serviceFailed = ctx.Err() != context.Canceled && !errors.Is(err, ErrDecode) && !errors.Is(err, ErrTooLarge)
	return e
}

// holdStream opens a stream that holds its place in a bulkhead until it is closed.
func (c *call) holdStream(ctx context.Context) error {
	opened := make(chan func() error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				opened <- func() error { panic(r) }
			}
		}()
		err := error(errPanicked)
		defer func() {
			if err != nil { // it has not opened
				opened <- func() error { return err }
			}
		}()
		err = c.op.held.Execute(ctx, func(ctx context.Context) error {
			if err := c.runAdmitted(ctx); err != nil {
				return err
			}
			closed := make(chan struct{})
			c.stream.Body.(*streamBody).atEnd(func() { close(closed) })
			opened <- func() error { return nil }
			<-closed
			return nil
		})
	}()
	return (<-opened)()
}

// exchangeForStream makes one attempt. Its time limit ends with the headers; from
// then on only a pause in the stream is limited.
func (c *call) exchangeForStream(ctx context.Context) error {
	ctx = c.withoutWait(ctx)
	a := c.beginAttempt()
	streamCtx, cancel := context.WithCancelCause(port.WithoutTimeout(port.WithStreaming(ctx)))
	b := &streamBody{ctx: streamCtx, cancel: cancel, idleTimeout: c.op.idleTimeout}
	if timeout := c.timeout(); timeout > 0 {
		b.timer = time.AfterFunc(timeout, func() { cancel(port.NewTimeoutError("timeout", timeout)) })
	}
	isOpen := false
	defer func() {
		if !isOpen { // an error, or a panic of the user's code
			b.end()
			a.closeBody()
		}
	}()
	request, err := c.newRequest(streamCtx, a)
	if err != nil {
		return c.unanswered(ctx, streamCtx, err)
	}
	c.telemetry.inject(streamCtx, request)
	response, err := c.transmit(a, request)
	if err != nil {
		return c.unanswered(ctx, streamCtx, a.explain(err))
	}
	c.answered(response)
	b.ReadCloser = response.Body
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer func() { _ = b.Close() }()
		return c.refused(response)
	}
	b.begin()
	b.atEnd(a.closeBody)
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
		err = asCodingError(err)
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
