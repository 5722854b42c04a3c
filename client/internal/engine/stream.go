// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
)

// Open runs a call whose response is read as a stream, up to the response's
// headers: retry and circuit breaker work on that. The caller closes the body;
// until then the call is under way. The error is what [Config.Describe] makes of
// the outcome.
func (e *Engine) Open(ctx context.Context, op *Operation, m *message.Message) (*http.Response, error) {
	c := &call{Engine: e, op: op, message: m, streams: true, begun: time.Now()}
	if o := c.do(ctx); o != nil {
		return nil, o.Described
	}
	return c.stream, nil
}

func (c *call) openUnlessStopped(ctx context.Context) error {
	if !c.enter() {
		return port.ErrStopped
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
	if c.stream.StatusCode == http.StatusNotModified {
		defer func() { _ = c.stream.Body.Close() }()
		return c.rejected(c.stream)
	}
	body, ok := c.stream.Body.(*streamBody)
	if !ok { // an interceptor's
		body = &streamBody{ReadCloser: c.stream.Body, ctx: ctx, cancel: func(error) {}}
		c.stream.Body = body
	}
	body.onFailure = func(err error) { c.ended(ctx, c.op, c.described(c.broken(ctx, err))) }
	body.atEnd(leave)
	leave = func() {}
	return nil
}

// broken is the outcome of a stream that broke.
func (c *call) broken(ctx context.Context, err error) *Outcome {
	o := c.newOutcome(err)
	o.ServiceFailed = ctx.Err() != context.Canceled && !errors.Is(err, message.ErrDecode) && !errors.Is(err, port.ErrTooLarge)
	return o
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
		err := error(ErrPanicked)
		defer func() {
			if err != nil { // it has not opened
				opened <- func() error { return err }
			}
		}()
		err = c.op.Held.Execute(ctx, func(ctx context.Context) error {
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
	b := &streamBody{ctx: streamCtx, cancel: cancel, idleTimeout: c.op.IdleTimeout}
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
	response, err := c.roundTrip(streamCtx, a)
	if err != nil {
		return c.unanswered(ctx, streamCtx, err)
	}
	b.ReadCloser = response.Body
	if !isSuccess(response) {
		defer func() { _ = b.Close() }()
		return c.rejected(response)
	}
	b.begin()
	b.atEnd(a.closeBody)
	response.Body, c.stream, isOpen = b, response, true
	return nil
}

// runStreamLimited limits the time until a stream's headers have arrived; the
// stream itself goes on.
func (c *call) runStreamLimited(ctx context.Context, total time.Duration) error {
	limited, cancel := context.WithCancelCause(ctx)
	isOver := port.NewTimeoutError("total-timeout", total)
	timer := time.AfterFunc(total-time.Since(c.admitted), func() { cancel(isOver) })
	err := c.run(limited)
	timer.Stop()
	if err == nil {
		c.stream.Body.(*streamBody).atEnd(func() { cancel(nil) })
		return nil
	}
	if context.Cause(limited) == isOver {
		err = c.outOfTime(err, total)
	}
	cancel(nil)
	return err
}

// StreamFailed returns the error of a stream that failed while it was read, and
// counts it as one that broke.
func (e *Engine) StreamFailed(ctx context.Context, op *Operation, m *message.Message, response *http.Response, err error) error {
	if b, ok := response.Body.(*streamBody); ok {
		b.fail(err)
	}
	c := &call{Engine: e, op: op, message: m, attempts: 1}
	o := c.newOutcome(err)
	o.Status, o.Header = response.StatusCode, response.Header
	if ctx.Err() != nil {
		o.Err = withCause(ctx.Err(), err)
	}
	return c.described(o).Described
}
