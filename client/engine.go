// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// engine runs the calls of one client: retry around circuit breaker around
// attempt timeout around port. It is safe for concurrent use.
type engine struct {
	name          string
	baseURL       *url.URL // for errors only: the port knows where to send
	port          HttpClientPort
	send          Exchange // the port's Request, behind the interceptors
	isIntercepted bool
	errorDecoders []ErrorDecoder
	tokens        *tokens                    // nil: no OAuth2
	breaker       *resilience.CircuitBreaker // nil: none
	gate          gate
	blank         *http.Request // what every request begins as
	buffers       sync.Pool     // of *bytes.Buffer, for bodies
}

func newEngine(name string, baseURL *url.URL, port HttpClientPort, breaker *resilience.CircuitBreaker, interceptors []Interceptor) *engine {
	return &engine{
		name: name, baseURL: baseURL, port: port, breaker: breaker,
		send: intercept(port.Request, interceptors), isIntercepted: len(interceptors) > 0,
		gate:    gate{idle: make(chan struct{})},
		blank:   &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// start prepares the port for calls.
func (e *engine) start(ctx context.Context) error {
	if err := e.port.Start(ctx); err != nil {
		return fmt.Errorf("the port of the client %s cannot be started: %w", e.name, err)
	}
	return nil
}

// stop refuses new calls, lets those under way finish, further attempts
// included, until ctx is done, and stops the port, which cuts the rest.
func (e *engine) stop(ctx context.Context) error {
	e.gate.close(ctx)
	if e.tokens != nil {
		defer e.tokens.close()
	}
	if err := e.port.Stop(ctx); err != nil {
		return fmt.Errorf("the port of the client %s did not stop well: %w", e.name, err)
	}
	return nil
}

// call is one call on its way through the engine. Whoever makes it sets the
// fields up to sink, and calls do.
type call struct {
	*engine
	op             *operation
	message        *message
	sink           sink
	idempotencyKey string
	attempts       int
	stream         *http.Response // the answer, when it is read as a stream

	url    url.URL // of the first attempt
	answer answer
}

// do runs the call to its end. The error is nil or an *Error.
func (c *call) do(ctx context.Context) error {
	begun := time.Now()
	if err := c.runUnlessStopped(ctx); err != nil {
		return c.failed(err, time.Since(begun))
	}
	return nil
}

func (c *call) runUnlessStopped(ctx context.Context) error {
	if !c.gate.enter() {
		return ErrStopped
	}
	defer c.gate.leave()
	return c.run(ctx)
}

// run makes attempts.
func (c *call) run(ctx context.Context) error {
	if c.op.sendsKey && c.message.header.Get("Idempotency-Key") == "" {
		c.idempotencyKey = rand.Text()
	}
	if c.op.retry == nil || c.message.noRetry {
		return c.attempt(ctx)
	}
	return c.op.retry.Execute(ctx, c.attempt)
}

var errNilContext = fmt.Errorf("%w: its context is nil: give context.Background() at least", ErrInvalidRequest)

// notSent is the error of a call that never reached the engine.
func (e *engine) notSent(op *operation, m *message, err error) error {
	return (&call{engine: e, op: op, message: m}).failed(err, 0)
}

func (c *call) attempt(ctx context.Context) error {
	if c.gate.isCut() { // while the call waited for this attempt
		return ErrStopped
	}
	send := c.exchange
	if c.op.streams {
		send = c.exchangeForStream
	}
	if c.breaker == nil {
		return send(ctx)
	}
	return c.breaker.Call(ctx, send)
}

// exchange makes one attempt, within the attempt's time limit.
func (c *call) exchange(ctx context.Context) error {
	c.attempts++
	attemptCtx := ctx
	if timeout := c.timeout(); timeout > 0 {
		var cancel context.CancelFunc
		attemptCtx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	request, err := c.request(attemptCtx)
	if err != nil {
		return c.unanswered(ctx, attemptCtx, err)
	}
	response, err := c.send(request)
	if err == nil && response == nil {
		err = errNoResponse
	}
	if err != nil {
		return c.unanswered(ctx, attemptCtx, err)
	}
	if response.Body == nil { // of a fake: net/http always has one
		response.Body = http.NoBody
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return c.refused(response)
	}
	return c.accept(ctx, attemptCtx, response)
}

// timeout is the limit of one attempt.
func (c *call) timeout() time.Duration {
	if c.message.timeout != 0 {
		return c.message.timeout
	}
	return c.op.timeout
}

var errNoResponse = errors.New("the port returned neither a response nor an error")

func (c *call) request(ctx context.Context) (*http.Request, error) {
	m := c.message
	if c.isIntercepted {
		ctx = context.WithValue(ctx, callKey{}, &Call{c.op.client, c.op.method, c.attempts})
	}
	r := c.blank.WithContext(ctx)
	r.Method = c.op.verb
	r.URL = &c.url
	if c.attempts > 1 { // the port may have changed that of an earlier one
		r.URL = &url.URL{}
	}
	r.URL.RawQuery = m.query
	setPath(r.URL, m.path)
	r.Header = make(http.Header, len(m.header)+len(c.op.header)+3)
	for name, values := range c.op.header {
		r.Header[name] = values
	}
	if c.op.accept != nil {
		r.Header["Accept"] = c.op.accept
	}
	if err := c.addBody(r); err != nil {
		return nil, err
	}
	if c.idempotencyKey != "" {
		r.Header["Idempotency-Key"] = []string{c.idempotencyKey}
	}
	for name, values := range m.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r, nil
}

func (c *call) addBody(r *http.Request) error {
	m := c.message
	if !m.hasBody {
		return nil
	}
	r.Header["Content-Type"] = []string{m.contentType}
	if m.streamed != nil {
		body, err := m.streamed.open(c.attempts)
		if err != nil {
			return err
		}
		r.ContentLength = m.streamed.size
		r.Body = io.NopCloser(body)
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

// unanswered describes an attempt that brought no answer, or not all of it.
// Whatever the port returns is a failure of the service, unless the port says
// that it refused the request or the answer itself.
func (c *call) unanswered(ctx, attemptCtx context.Context, err error) *Error {
	err = withoutURL(err)
	e := c.newError()
	e.Err = err
	e.serviceFailed = !errors.Is(err, ErrStopped) && !errors.Is(err, ErrInvalidRequest) && !errors.Is(err, ErrTooLarge)
	e.unsent = provesNoConnection(err)
	switch {
	case ctx.Err() != nil:
		e.Err = withCause(ctx.Err(), err)
	case attemptCtx.Err() != nil:
		e.Err = withCause(&timeoutError{c.timeout()}, err)
	}
	return e
}

// withCause makes sure that an error is known by the reason for which it arose.
func withCause(reason, err error) error {
	if _, isTimeout := reason.(*timeoutError); !isTimeout && errors.Is(err, reason) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return reason // err says no more
	}
	return fmt.Errorf("%w: %w", reason, err)
}

// timeoutError says that an attempt took longer than the setting allows.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no answer within the timeout of %s", e.limit)
}
func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }
func (e *timeoutError) Timeout() bool { return true }

// provesNoConnection reports whether the server cannot have seen the request.
func provesNoConnection(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// refused describes an answer whose status is not of the 2xx. Its body is read
// as far as the error keeps it; closing takes care of the rest.
func (c *call) refused(response *http.Response) *Error {
	e := c.newError()
	e.Status, e.Header = response.StatusCode, response.Header
	e.Body, _ = io.ReadAll(io.LimitReader(response.Body, MaxErrorBody))
	_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
	e.Problem = parseProblem(e.Header, e.Body)
	e.serviceFailed = isServiceFailure(e.Status)
	e.decoded = decodeErrorBody(c.errorDecoders, e)
	return e
}

// maxDrained is how much of a body beyond what an error keeps is read so that
// the connection can be used again.
const maxDrained = 64 << 10

// isServiceFailure tells a service that failed from one that answered: 501 says
// that the service works and does not know the method.
func isServiceFailure(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status != http.StatusNotImplemented
}

// accept reads a successful answer whole and hands it to the sink.
func (c *call) accept(ctx, attemptCtx context.Context, response *http.Response) error {
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.putBuffer(buffer)
	if err := readBody(buffer, response.Body, c.op.maxResponseSize); err != nil {
		e := c.unanswered(ctx, attemptCtx, err)
		e.Status, e.Header = response.StatusCode, response.Header
		return e
	}
	a := &c.answer
	a.status, a.header, a.body = response.StatusCode, response.Header, buffer.Bytes()
	if err := c.sink.take(a); err != nil {
		e := c.newError()
		e.Status, e.Header, e.Err = a.status, a.header, err
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

func (c *call) newError() *Error {
	return &Error{
		Client: c.op.client, Method: c.op.method, Verb: c.op.verb, Attempts: c.attempts,
		URL: displayURL(c.baseURL, c.message.path, c.message.query),
	}
}

// failed completes the error of a call.
func (c *call) failed(err error, elapsed time.Duration) *Error {
	e, ok := err.(*Error)
	if !ok {
		e = c.newError()
		e.Err = err
		var last *Error
		if errors.As(err, &last) { // the wait for another attempt was cut short
			e.Status, e.Header, e.Body, e.Problem, e.decoded = last.Status, last.Header, last.Body, last.Problem, last.decoded
		}
	}
	e.Attempts, e.Elapsed = c.attempts, elapsed
	return e
}
