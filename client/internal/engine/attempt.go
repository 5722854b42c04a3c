// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
)

// attempt is what one attempt of a call needs, in one piece of memory. It belongs
// to the port, which may keep the request.
type attempt struct {
	limit   deadlineContext
	url     url.URL
	request http.Request
	info    Info
	sends   sends
	body    *message.SentBody // nil: none, or one in memory
	isShown bool              // to a call interceptor, and not sent
	isProbe bool              // not sent: the fingerprint is wanted

	op          *Operation       // of the call, if its interceptors know the attempt
	message     *message.Message // of the call, likewise
	isAnnounced atomic.Bool      // to Config.Sending

	isWatched   bool // the fingerprint of the request is wanted
	fingerprint atomic.Pointer[string]

	values [4]string // of headers, as long as they last
	used   int       // of values
}

// own returns a copy of a header's values that nobody else has: interceptors and
// ports may append to what a request holds, and change it.
func (a *attempt) own(values ...string) []string {
	if len(values) == 0 {
		return values[:0:0] // nil stays nil
	}
	if len(values) > len(a.values)-a.used {
		return slices.Clone(values)
	}
	end := a.used + len(values)
	own := a.values[a.used:end:end]
	a.used = end
	copy(own, values)
	return own
}

// exchange makes one attempt, within the attempt's time limit.
func (c *call) exchange(ctx context.Context) error {
	ctx = c.withoutWait(ctx)
	a := c.beginAttempt()
	defer a.closeBody()
	attemptCtx := ctx
	switch timeout := c.timeout(); {
	case timeout > 0:
		a.limit.begin(ctx, c.attemptBegun().Add(timeout))
		defer a.limit.cancel()
		attemptCtx = &a.limit
	case timeout < 0:
		attemptCtx = port.WithoutTimeout(ctx)
	}
	response, err := c.roundTrip(attemptCtx, a)
	if err != nil {
		return c.unanswered(ctx, attemptCtx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if !isSuccess(response) {
		return c.rejected(response)
	}
	return c.accept(ctx, attemptCtx, response)
}

// roundTrip sends the request of an attempt.
func (c *call) roundTrip(ctx context.Context, a *attempt) (*http.Response, error) {
	request, err := c.newRequest(ctx, a)
	if err != nil {
		return nil, err
	}
	if c.op.Observer != nil {
		c.op.Observer.Inject(ctx, request)
	}
	response, err := c.transmit(a, request)
	if err != nil {
		return nil, a.explain(err)
	}
	c.answered(response)
	return response, nil
}

// closeBody ends the body of the request, if the caller's reader gives it.
func (a *attempt) closeBody() {
	if a.body != nil {
		_ = a.body.Close()
	}
}

// explain says that err arose because the caller's reader could not be read, if
// that is so.
func (a *attempt) explain(err error) error {
	if a.body == nil {
		return err
	}
	if cause := a.body.ReadError(); cause != nil {
		return &bodyError{cause}
	}
	return err
}

// bodyError says that the caller's reader could not be read. It says nothing about
// the service.
type bodyError struct{ cause error }

func (e *bodyError) Error() string { return "the body cannot be read: " + e.cause.Error() }
func (e *bodyError) Unwrap() error { return e.cause }

func (c *call) beginAttempt() *attempt {
	c.attempts++
	c.acted = MayHaveActed
	return &attempt{isWatched: c.op.Stale != nil && !c.streams && c.isWatched()}
}

// attemptBegun is when the attempt began. The first begins as soon as the call is
// admitted.
func (c *call) attemptBegun() time.Time {
	if c.attempts == 1 {
		return c.admitted
	}
	return time.Now()
}

// timeout is the limit of one attempt.
func (c *call) timeout() time.Duration {
	if c.message.Timeout != 0 {
		return c.message.Timeout
	}
	return c.op.Timeout
}

// accept reads a successful response whole and hands it to the sink.
func (c *call) accept(ctx, attemptCtx context.Context, response *http.Response) error {
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.putBuffer(buffer)
	isCut, err := c.readBody(buffer, response.Body)
	if err != nil {
		o := c.unanswered(ctx, attemptCtx, message.AsCodingError(err))
		o.Status, o.Header, o.Acted = response.StatusCode, response.Header, HasActed
		return o
	}
	r := &c.response
	r.Status, r.Header, r.Body = response.StatusCode, response.Header, buffer.Bytes()
	r.IsCut, r.Redirected = isCut, redirectedTo(response)
	if r.Status == http.StatusNotModified { // RFC 9110, section 15.4.5
		r.Body = nil
	}
	if o := c.deliver(r); o != nil {
		return o
	}
	return nil
}

// readBody reads a body whole, or as much of one that nobody wants as is worth it
// so that the connection can be used again.
func (c *call) readBody(buffer *bytes.Buffer, body io.Reader) (isCut bool, err error) {
	if !c.op.Discards {
		return false, message.ReadBody(buffer, body, c.op.MaxResponseSize)
	}
	n, err := buffer.ReadFrom(io.LimitReader(body, message.MaxDrained))
	if errors.Is(err, port.ErrTooLarge) {
		return true, nil
	}
	return n == message.MaxDrained, err
}

// deliver hands a response to the sink.
func (c *call) deliver(r *message.Response) *Outcome {
	if len(r.Header["Link"]) > 0 {
		r.Location = c.location(r)
	}
	err := c.sink.Take(r)
	if err == nil {
		return nil
	}
	o := c.unusable(r, err)
	o.Body = bytes.Clone(r.Body[:min(len(r.Body), MaxErrorBody)])
	return o
}

// putBuffer keeps a buffer for the next response, unless an unusually large one
// has blown it up.
func (c *call) putBuffer(buffer *bytes.Buffer) {
	const most = 64 << 10
	if buffer.Cap() > most {
		return
	}
	buffer.Reset()
	c.buffers.Put(buffer)
}
