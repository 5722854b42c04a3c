// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// attempt is what one attempt of a call needs, in one piece of memory. It
// belongs to the port, which may keep the request.
type attempt struct {
	limit   deadlineContext
	url     url.URL
	request http.Request
	call    Call
	sends   sends
	body    *sentBody // nil: none, or one in memory
	isShown bool      // to a CallInterceptor, and not sent
	values  [4]string // of headers, as long as they last
	used    int       // of values
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
	request, err := c.newRequest(attemptCtx, a)
	if err != nil {
		return c.unanswered(ctx, attemptCtx, err)
	}
	c.telemetry.inject(attemptCtx, request)
	response, err := c.transmit(a, request)
	if err != nil {
		return c.unanswered(ctx, attemptCtx, a.explain(err))
	}
	c.answered(response)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return c.refused(response)
	}
	return c.accept(ctx, attemptCtx, response)
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
	if cause := a.body.readError(); cause != nil {
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
	c.unacted = false
	return &attempt{}
}

// attemptBegun is when the attempt began. The first begins as soon as the call
// is admitted.
func (c *call) attemptBegun() time.Time {
	if c.attempts == 1 {
		return c.admitted
	}
	return time.Now()
}

// timeout is the limit of one attempt.
func (c *call) timeout() time.Duration {
	if c.message.timeout != 0 {
		return c.message.timeout
	}
	return c.op.timeout
}

func (c *call) newRequest(ctx context.Context, a *attempt) (*http.Request, error) {
	m := c.message
	if c.isIntercepted || c.recordsSends() {
		ctx = c.withCall(ctx, a)
	}
	r := &a.request
	*r = *c.blank.WithContext(ctx)
	r.Method, r.URL = c.op.verb, &a.url
	r.URL.RawQuery = m.query
	setPath(r.URL, m.path)
	r.Header = make(http.Header, len(m.header)+len(c.op.header)+3)
	if m.elsewhere != nil {
		a.url.Scheme, a.url.Host = m.elsewhere.Scheme, m.elsewhere.Host
	}
	if !m.isComplete {
		c.addDeclared(r, a)
	}
	if err := c.addBody(r, a); err != nil {
		return nil, err
	}
	if c.idempotencyKey != "" {
		r.Header["Idempotency-Key"] = a.own(c.idempotencyKey)
	}
	if c.op.attemptHeader && c.attempts > 1 {
		r.Header[attemptHeader] = a.own(strconv.Itoa(c.attempts))
	}
	for name, values := range m.header {
		r.Header[http.CanonicalHeaderKey(name)] = a.own(values...)
	}
	return r, nil
}

// addDeclared adds the headers that the declaration and the settings give every
// request of the method.
func (c *call) addDeclared(r *http.Request, a *attempt) {
	if c.message.elsewhere == nil {
		for name, values := range c.op.header {
			r.Header[name] = a.own(values...)
		}
	}
	if c.op.accept != nil {
		r.Header["Accept"] = a.own(c.op.accept...)
	}
	if c.message.hasBody {
		r.Header["Content-Type"] = a.own(c.message.contentType)
	}
}

func (c *call) addBody(r *http.Request, a *attempt) error {
	m := c.message
	switch {
	case !m.hasBody:
		return nil
	case m.isEmpty():
		// With any other body of length 0 net/http sends it in chunks.
		r.Body = http.NoBody
		r.GetBody = func() (io.ReadCloser, error) { return http.NoBody, nil }
		return nil
	}
	if m.streamed != nil {
		if a.isShown { // it can be read only once
			r.ContentLength, r.Body = m.streamed.size, http.NoBody
			return nil
		}
		body, err := m.streamed.open(r.Context(), c.cut)
		if err != nil {
			return err
		}
		a.body = body
		r.ContentLength, r.Body = m.streamed.size, body
		return nil
	}
	r.ContentLength = int64(len(m.body))
	r.Body = io.NopCloser(bytes.NewReader(m.body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.body)), nil }
	return nil
}

// setPath sets an escaped path, keeping its escapes: %2F is no slash.
func setPath(u *url.URL, escaped string) {
	if !strings.Contains(escaped, "%") {
		u.Path = escaped
		return
	}
	u.RawPath = escaped
	u.Path, _ = url.PathUnescape(escaped) // what was escaped here can be unescaped
}

// accept reads a successful answer whole and hands it to the sink.
func (c *call) accept(ctx, attemptCtx context.Context, response *http.Response) error {
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.putBuffer(buffer)
	isCut, err := c.readBody(buffer, response.Body)
	if err != nil {
		e := c.unanswered(ctx, attemptCtx, asCodingError(err))
		e.Status, e.Header = response.StatusCode, c.secrets.header(response.Header)
		return e
	}
	a := &c.answer
	a.status, a.header, a.body = response.StatusCode, response.Header, buffer.Bytes()
	a.isCut, a.redirected = isCut, redirectedTo(response)
	return c.deliver(a)
}

// readBody reads a body whole, or as much of one that nobody wants as is worth it
// so that the connection can be used again.
func (c *call) readBody(buffer *bytes.Buffer, body io.Reader) (isCut bool, err error) {
	if !c.op.discards {
		return false, readBody(buffer, body, c.op.maxResponseSize)
	}
	n, err := buffer.ReadFrom(io.LimitReader(body, maxDrained))
	if errors.Is(err, ErrTooLarge) {
		return true, nil
	}
	return n == maxDrained, err
}

// deliver hands an answer to the sink.
func (c *call) deliver(a *answer) error {
	if len(a.header["Link"]) > 0 {
		a.location = c.location(a)
	}
	if err := c.sink.take(a); err != nil {
		e := c.newError()
		e.Status, e.Header, e.Err = a.status, c.secrets.header(a.header), err
		e.Body = bytes.Clone(a.body[:min(len(a.body), MaxErrorBody)])
		return e
	}
	return nil
}

// putBuffer keeps a buffer for the next answer, unless an unusually large one
// has blown it up.
func (c *call) putBuffer(buffer *bytes.Buffer) {
	const most = 64 << 10
	if buffer.Cap() > most {
		return
	}
	buffer.Reset()
	c.buffers.Put(buffer)
}
