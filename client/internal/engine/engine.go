// SPDX-License-Identifier: Apache-2.0

// Package engine decides what happens to a call: the order of the policies,
// attempts, hedges, old responses, streams, and the end of them all. It knows
// messages and outcomes; it knows nothing of Go types, tags, settings, telemetry or
// the wording of errors.
package engine

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/resilience"
)

// Exchange sends a request and returns the response, as a port's Request does.
type Exchange = func(req *http.Request) (*http.Response, error)

// Config is what an [Engine] is made of. Name, BaseURL, Port and Describe are
// required.
type Config struct {
	Name    string
	BaseURL *url.URL // to compare with: the port knows where to send
	Port    port.HttpClientPort

	// IsOpaque says that the port may send more than once for a request, or
	// follow a redirect, without telling.
	IsOpaque bool
	// Intercept puts interceptors around the exchange of one attempt; nil: there
	// are none.
	Intercept func(next Exchange) Exchange
	// Authorize puts around the port what the client itself adds to each attempt;
	// nil: nothing.
	Authorize func(next Exchange) Exchange
	// Identity is what responses depend on besides the request: the base URL and
	// the headers that the port adds.
	Identity string
	// InterceptCall puts interceptors around the exchange of a whole call; nil:
	// there are none.
	InterceptCall func(next Exchange) Exchange
	// Instances are those of the client's service; nil: requests go to the base URL.
	Instances Instances
	// Describe returns the error that callers get. If the outcome is that of a call
	// whose last attempt has been described, it has that description already. It
	// must be safe for concurrent use.
	Describe func(op *Operation, m *message.Message, o *Outcome) error
	// Sending is told the request of each attempt once, before it is sent and as
	// Intercept has left it. It neither changes nor keeps the request; nil: nobody is
	// told.
	Sending func(op *Operation, m *message.Message, attempt int, req *http.Request)
	// Ended is told each call that failed, and each stream that broke; nil: nobody.
	Ended func(ctx context.Context, op *Operation, o *Outcome)
	// Next returns the engine that runs the calls that begin now: another one, if
	// this one has been replaced. nil stands for this one.
	Next func() *Engine
	// OnStop is called when the port has been stopped; nil: nothing is.
	OnStop func()
}

// Engine runs the calls of one client with the settings of one time: bulkhead and
// rate limit around total timeout around retry around hedge around circuit breaker
// around the choice of an instance around attempt timeout around port. It is safe for concurrent use.
type Engine struct {
	Config
	Operations []*Operation // of the declared methods; set before the first call

	send          Exchange // the port's Request, behind the interceptors
	basePath      hosts.BasePath
	interceptCall Exchange // nil: none
	isIntercepted bool
	hasStraySends atomic.Bool // interceptors have sent with contexts that tell no attempt

	gate     drain.Gate
	stopped  chan struct{} // closed by Drain
	cut      context.Context
	cutNow   context.CancelCauseFunc // ends cut: nothing may go on
	stopOnce sync.Once
	blank    *http.Request // what every request begins as
	buffers  sync.Pool     // of *bytes.Buffer, for bodies
}

// New returns an engine that has no operations yet.
func New(c Config) *Engine {
	e := &Engine{
		Config: c, send: c.Port.Request, isIntercepted: c.Intercept != nil || c.Authorize != nil,
		basePath: hosts.NewBasePath(c.BaseURL), stopped: make(chan struct{}),
		blank:   &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	if e.Next == nil {
		e.Next = func() *Engine { return e }
	}
	e.cut, e.cutNow = context.WithCancelCause(context.Background())
	if c.Instances != nil {
		e.send = e.direct(e.send)
	}
	if e.isIntercepted || e.IsOpaque {
		e.send = e.record(e.send)
	}
	if c.Authorize != nil {
		e.send = c.Authorize(e.send)
	}
	if e.Sending != nil && c.Intercept != nil {
		e.send = e.announceIntercepted(e.send)
	}
	if e.isWatched() {
		e.send = e.watch(e.send)
	}
	if c.Intercept != nil {
		e.send = c.Intercept(e.send)
	}
	if c.InterceptCall != nil {
		e.interceptCall = c.InterceptCall(runCall)
	}
	return e
}

// Start prepares the port for calls.
func (e *Engine) Start(ctx context.Context) error {
	if err := usercode.Call(func() error { return e.Port.Start(ctx) }); err != nil {
		return fmt.Errorf("the port of the client %s cannot be started: %w", e.Name, err)
	}
	return nil
}

// Drain rejects new calls, lets those under way finish, further attempts included,
// until ctx is done, and then ends them.
func (e *Engine) Drain(ctx context.Context) {
	e.stopOnce.Do(func() { close(e.stopped) })
	e.gate.Drain(ctx)
	e.cutNow(errCutOff)
}

// StopPort stops the port, which cuts the requests that are still under way.
func (e *Engine) StopPort(ctx context.Context) error {
	if e.OnStop != nil {
		defer e.OnStop()
	}
	if err := usercode.Call(func() error { return e.Port.Stop(ctx) }); err != nil {
		return fmt.Errorf("the port of the client %s did not stop well: %w", e.Name, err)
	}
	return nil
}

// Close rejects new calls: they go to the engine that has taken the place of this
// one.
func (e *Engine) Close() { e.gate.Close() }

// IsClosed reports whether new calls are rejected.
func (e *Engine) IsClosed() bool { return e.gate.IsClosed() }

// Idle returns a channel that is closed when the last call has ended after [Engine.Close].
func (e *Engine) Idle() <-chan struct{} { return e.gate.Idle() }

// Stopped returns a channel that is closed by [Engine.Drain].
func (e *Engine) Stopped() <-chan struct{} { return e.stopped }

// Calls is how many calls have begun.
func (e *Engine) Calls() int64 { return e.gate.Entered() }

// InFlight is how many calls are under way.
func (e *Engine) InFlight() int64 { return e.gate.InFlight() }

// NotSent ends a call that cannot be sent because of err, and returns what
// [Config.Describe] makes of it. The call is observed and counted like any other. ctx
// may be nil.
func (e *Engine) NotSent(ctx context.Context, op *Operation, m *message.Message, err error) error {
	if ctx == nil {
		ctx = context.Background()
	}
	c := &call{Engine: e, op: op, message: m, begun: time.Now(), invalid: err}
	return c.do(ctx).Described
}

// Failed returns what [Config.Describe] makes of an error that ends no call: it is
// not counted.
func (e *Engine) Failed(op *Operation, m *message.Message, err error) error {
	return (&call{Engine: e, op: op, message: m}).failed(err, 0).Described
}

// breaker returns the circuit breaker of a message, or nil.
func (e *Engine) breaker(op *Operation, m *message.Message) *resilience.CircuitBreaker {
	if op.BreakerOf == nil {
		return op.Breaker
	}
	return op.BreakerOf(m.Base(e.BaseURL).Host)
}

func (e *Engine) describe(op *Operation, m *message.Message, o *Outcome) error {
	return e.Describe(op, m, o)
}

func (e *Engine) ended(ctx context.Context, op *Operation, o *Outcome) {
	if e.Ended != nil {
		e.Ended(ctx, op, o)
	}
}
