// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
	"github.com/pyfly-go/pyfly/internal/random"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/resilience"
)

// engine runs the calls of one client with the settings of one time: bulkhead
// and rate limit around total timeout around retry around hedge around circuit
// breaker around attempt timeout around port. It is safe for concurrent use.
type engine struct {
	name          string
	live          *live
	baseURL       *url.URL // to compare with: the port knows where to send
	shownBaseURL  *url.URL // without secrets
	port          HttpClientPort
	settings      []Setting
	signature     string   // of the settings that the port was made with
	portID        *int     // the same for all engines that share the port
	send          Exchange // the port's Request, behind the interceptors
	isIntercepted bool
	isOpaque      bool        // the port may send more than once for a request without telling
	hasStraySends atomic.Bool // interceptors have sent with contexts that tell no attempt
	interceptCall Exchange    // nil: none
	errorDecoders []ErrorDecoder
	allowed       nethttp.AllowedHosts
	secrets       secretNames
	tokens        *oauth.Tokens // nil: no OAuth2
	telemetry     *telemetry    // nil: none
	operations    []*operation  // of the declared methods
	gate          drain.Gate
	stopped       chan struct{} // closed by stop
	cut           context.Context
	cutNow        context.CancelCauseFunc // ends cut: nothing may go on
	stopOnce      sync.Once
	blank         *http.Request // what every request begins as
	buffers       sync.Pool     // of *bytes.Buffer, for bodies
}

func newEngine(l *live, baseURL *url.URL, adapter HttpClientPort, interceptors []Interceptor) *engine {
	e := &engine{
		name: l.declaration.Name, live: l, baseURL: baseURL, port: adapter,
		send: adapter.Request, isIntercepted: len(interceptors) > 0, isOpaque: isOpaque(adapter),
		stopped: make(chan struct{}),
		blank:   &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	e.cut, e.cutNow = context.WithCancelCause(context.Background())
	if e.isIntercepted || e.isOpaque {
		e.send = intercept(e.record(adapter.Request), interceptors)
	}
	return e
}

// shownURL is the URL of a call as it may be shown: the path is that of the
// declaration if an argument in it is a secret by its name.
func (c *call) shownURL(m *message) string {
	path := m.path
	if c.op.hidesPath && m.link == "" {
		path = c.op.template
	}
	return c.secrets.url(m.base(c.shownBaseURL), path, m.query)
}

// start prepares the port for calls.
func (e *engine) start(ctx context.Context) error {
	if err := usercode.Call(func() error { return e.port.Start(ctx) }); err != nil {
		return fmt.Errorf("the port of the client %s cannot be started: %w", e.name, err)
	}
	return nil
}

// drain rejects new calls, lets those under way finish, further attempts included,
// until ctx is done, and then ends them.
func (e *engine) drain(ctx context.Context) {
	e.stopOnce.Do(func() { close(e.stopped) })
	e.gate.Drain(ctx)
	e.cutNow(errCutOff)
}

// stopPort stops the port, which cuts the requests that are under way yet.
func (e *engine) stopPort(ctx context.Context) error {
	if e.tokens != nil {
		defer e.tokens.Close()
	}
	if err := usercode.Call(func() error { return e.port.Stop(ctx) }); err != nil {
		return fmt.Errorf("the port of the client %s did not stop well: %w", e.name, err)
	}
	return nil
}

// call is one call on its way through the engine. Whoever makes it sets the
// fields up to streams, and calls do, or open.
type call struct {
	*engine
	op             *operation
	message        *message
	sink           sink
	streams        bool            // the answer is not read whole
	version        protocolVersion // of the last answer, if there is telemetry
	took           time.Duration   // by the last attempt, if that began with the call and there are metrics
	idempotencyKey string
	attempts       int
	unacted        bool           // the service cannot have acted upon the last attempt
	stream         *http.Response // the answer, when it is read as a stream
	wait           *waitContext   // in which the call waits

	begun    time.Time
	admitted time.Time // by bulkhead and limits: from now on time limits count
	answer   answer
}

// do runs the call to its end. The error is nil or an *Error.
func (c *call) do(ctx context.Context) error {
	c.begun = time.Now()
	if c.op.observed != nil {
		return c.doObserved(ctx)
	}
	if err := c.runUnlessStopped(ctx); err != nil {
		return c.end(ctx, err)
	}
	return nil
}

// doObserved is do with a span around it.
func (c *call) doObserved(ctx context.Context) error {
	o := c.op.observed
	ctx, span := o.beginCall(ctx)
	err := error(errPanicked)
	defer func() { o.endCall(ctx, span, c, err) }()
	if err = c.runUnlessStopped(ctx); err != nil {
		err = c.end(ctx, err)
	}
	return err
}

// end completes and counts a failure.
func (c *call) end(ctx context.Context, err error) error {
	failed := c.failed(err, time.Since(c.begun))
	c.live.ended(ctx, c.op, failed)
	return failed
}

func (c *call) runUnlessStopped(ctx context.Context) error {
	if !c.enter() {
		return ErrStopped
	}
	defer c.gate.Leave()
	w := c.beginWait(ctx)
	defer w.end()
	err := c.runOnce(w)
	if err != nil && w.wasCut() {
		return c.cutOff(err)
	}
	return err
}

// beginWait sets up the context in which the call waits.
func (c *call) beginWait(ctx context.Context) *waitContext {
	if c.wait == nil {
		c.wait = &waitContext{}
	}
	c.wait.begin(ctx, c.cut)
	return c.wait
}

// enter is false once the client has stopped. If the engine has been replaced
// since the call was made, the call goes to the one that has taken its place.
func (c *call) enter() bool {
	for !c.gate.Enter() {
		next := c.live.current.Load()
		if next == c.engine {
			return false
		}
		c.engine, c.op = next, next.operations[c.op.index]
	}
	return true
}

// runOnce runs the call, with all that may be around it.
func (c *call) runOnce(ctx context.Context) error {
	if c.op.sendsKey && c.message.header.Get("Idempotency-Key") == "" {
		c.idempotencyKey = random.Text(ctx)
	}
	if c.op.stale != nil && !c.streams {
		return c.runOrStale(ctx)
	}
	return c.runAround(ctx)
}

func (c *call) runAround(ctx context.Context) error {
	if c.interceptCall != nil {
		return c.runIntercepted(ctx)
	}
	return c.runGuarded(ctx)
}

// runGuarded waits for the leave of bulkhead and limits.
func (c *call) runGuarded(ctx context.Context) error {
	if c.op.held != nil {
		return c.holdStream(ctx)
	}
	return c.runAdmitted(ctx)
}

// runAdmitted waits for the leave of what does not hold a stream.
func (c *call) runAdmitted(ctx context.Context) error {
	if c.op.guard == nil {
		return c.runLimited(ctx)
	}
	return c.op.guard.Execute(ctx, c.runLimited)
}

// runLimited limits the time of all attempts.
func (c *call) runLimited(ctx context.Context) error {
	c.admitted = c.begun
	if c.op.guard != nil || c.interceptCall != nil {
		c.admitted = time.Now()
	}
	total := c.op.totalTimeout
	switch {
	case total <= 0:
		return c.run(ctx)
	case c.streams:
		return c.runStreamLimited(ctx, total)
	}
	limit := &deadlineContext{}
	limit.begin(ctx, c.admitted.Add(total))
	defer limit.cancel()
	err := c.run(limit)
	if err != nil && ctx.Err() == nil && limit.Err() == context.DeadlineExceeded {
		return c.outOfTime(err, total)
	}
	return err
}

// outOfTime says that an error arose because the total timeout was over.
func (c *call) outOfTime(err error, total time.Duration) error {
	e := c.failed(err, time.Since(c.begun))
	e.Err = withCause(port.NewTimeoutError("total-timeout", total), e.Err)
	return e
}

// run makes attempts.
func (c *call) run(ctx context.Context) error {
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

// attempt makes an attempt, or several side by side.
func (c *call) attempt(ctx context.Context) error {
	if c.gate.IsCut() { // while the call waited for this attempt
		return ErrStopped
	}
	if c.op.hedge != nil && !c.streams && c.message.streamed == nil {
		return c.hedge(ctx)
	}
	return c.attemptOnce(ctx)
}

func (c *call) attemptOnce(ctx context.Context) error {
	send := c.exchange
	switch {
	case c.op.observed != nil:
		send = c.exchangeObserved
	case c.streams:
		send = c.exchangeForStream
	}
	var err error
	if breaker := c.circuitBreaker(); breaker != nil {
		err = breaker.Call(ctx, send)
	} else {
		err = send(ctx)
	}
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok && areRetriesSuppressed(ctx) {
		e.isFinal = true
	}
	return err
}

// circuitBreaker returns the breaker of the call, or nil.
func (c *call) circuitBreaker() *resilience.CircuitBreaker {
	if c.op.breakerOf == nil {
		return c.op.breaker
	}
	return c.op.breakerOf(c.message.base(c.baseURL).Host)
}
