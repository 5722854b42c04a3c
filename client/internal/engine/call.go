// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/random"
)

// Run is one call of an operation, in one piece of memory. It is used once.
type Run struct {
	call
	waiting waitContext
}

// Do runs a call to its end. A response of the 2xx goes to the sink. The error is
// nil, or what [Config.Describe] makes of the outcome.
func (r *Run) Do(ctx context.Context, e *Engine, op *Operation, m *message.Message, s message.Sink) error {
	c := &r.call
	c.Engine, c.op, c.message, c.sink, c.wait = e, op, m, s, &r.waiting
	c.begun = time.Now()
	if o := c.do(ctx); o != nil {
		return o.Described
	}
	return nil
}

// call is one call on its way through the engine.
type call struct {
	*Engine
	op             *Operation
	message        *message.Message
	sink           message.Sink
	streams        bool // the response is not read whole
	idempotencyKey string
	attempts       int
	acted          Acted          // the service, upon the last attempt
	fingerprint    string         // of the request that was sent last; "": not known
	stream         *http.Response // the response, when it is read as a stream
	wait           *waitContext   // in which the call waits
	invalid        error          // why it cannot be sent; nil: it can
	tried          *balance.Tried // instances that attempts have gone to; nil: none
	instance       string         // the address that the attempt goes to; "": no instance

	begun    time.Time
	admitted time.Time // by bulkhead and limits: from now on time limits count
	response message.Response

	major, minor uint8         // of the last response's HTTP, if the call is observed; 0: not known
	took         time.Duration // by the last attempt, if that began with the call and was measured
}

// do runs the call to its end.
func (c *call) do(ctx context.Context) *Outcome {
	if c.op.Observer != nil {
		return c.doObserved(ctx)
	}
	return c.runToEnd(ctx)
}

// doObserved is do for an operation that is observed.
func (c *call) doObserved(ctx context.Context) *Outcome {
	observer := c.op.Observer
	ctx, span := observer.BeginCall(ctx)
	seen := panicked
	defer func() { observer.EndCall(ctx, span, c.begun, c.elapsed(seen), seen) }()
	o := c.runToEnd(ctx)
	if seen = o; o.isNotModified() {
		seen = nil
	}
	return o
}

// runToEnd runs the call, completes its outcome and tells it.
func (c *call) runToEnd(ctx context.Context) *Outcome {
	run := c.runUnlessStopped
	switch {
	case c.invalid != nil:
		run = c.refuse
	case c.streams:
		run = c.openUnlessStopped
	}
	err := run(ctx)
	if err == nil {
		return nil
	}
	o := c.failed(err, time.Since(c.begun))
	if !o.isNotModified() {
		c.ended(ctx, c.op, o)
	}
	return o
}

// refuse ends a call that cannot be sent.
func (c *call) refuse(context.Context) error {
	if c.enter() {
		defer c.gate.Leave()
	}
	return c.invalid
}

func (c *call) runUnlessStopped(ctx context.Context) error {
	if !c.enter() {
		return port.ErrStopped
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
		next := c.Next()
		if next == c.Engine {
			return false
		}
		c.Engine, c.op = next, next.Operations[c.op.Index]
	}
	return true
}

// runOnce runs the call, with all that may be around it.
func (c *call) runOnce(ctx context.Context) error {
	if c.op.SendsKey && c.message.Header.Get("Idempotency-Key") == "" {
		c.idempotencyKey = random.Text(ctx)
	}
	if c.op.Stale != nil && !c.streams {
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

// runGuarded waits to be admitted by bulkhead and limits.
func (c *call) runGuarded(ctx context.Context) error {
	if c.op.Held != nil {
		return c.holdStream(ctx)
	}
	return c.runAdmitted(ctx)
}

// runAdmitted waits to be admitted by what does not hold a stream.
func (c *call) runAdmitted(ctx context.Context) error {
	if c.op.Guard == nil {
		return c.runLimited(ctx)
	}
	return c.op.Guard.Execute(ctx, c.runLimited)
}

// runLimited limits the time of all attempts.
func (c *call) runLimited(ctx context.Context) error {
	c.admitted = c.begun
	if c.op.Guard != nil || c.interceptCall != nil {
		c.admitted = time.Now()
	}
	total := c.op.TotalTimeout
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
	if errors.Is(err, balance.ErrNoInstances) {
		return err
	}
	o := c.failed(err, time.Since(c.begun))
	return c.withError(o, withCause(port.NewTimeoutError("total-timeout", total), o.Err))
}

// run makes attempts.
func (c *call) run(ctx context.Context) error {
	if c.op.Retry == nil || c.message.NoRetry {
		return c.attempt(ctx)
	}
	return c.op.Retry.Execute(ctx, c.attempt)
}

// attempt makes an attempt, or several side by side.
func (c *call) attempt(ctx context.Context) error {
	if c.gate.IsCut() { // while the call waited for this attempt
		return port.ErrStopped
	}
	isKnown := c.Instances == nil || c.Instances.IsReady() // else the call waits, and hedges would too
	if c.op.Hedge != nil && !c.streams && c.message.Streamed == nil && isKnown {
		return c.hedge(ctx)
	}
	return c.attemptOnce(ctx)
}

// attemptOnce makes an attempt if the circuit breaker lets it.
func (c *call) attemptOnce(ctx context.Context) error {
	send := c.makeAttempt // one function, for each costs memory
	var err error
	if breaker := c.breaker(c.op, c.message); breaker != nil {
		err = breaker.Call(ctx, send)
	} else {
		err = send(ctx)
	}
	if o, ok := err.(*Outcome); ok {
		o.IsFinal = o.IsFinal || areRetriesSuppressed(ctx)
		return c.described(o)
	}
	return err
}

// makeAttempt makes an attempt, with what is around it.
func (c *call) makeAttempt(ctx context.Context) error {
	switch {
	case c.Instances != nil && c.message.Elsewhere == nil:
		return c.attemptAtInstance(ctx)
	case c.op.Observer != nil:
		return c.observedAttempt(ctx)
	}
	return c.exchangeAny(ctx)
}

// exchangeAny makes an attempt.
func (c *call) exchangeAny(ctx context.Context) error {
	if c.streams {
		return c.exchangeForStream(ctx)
	}
	return c.exchange(ctx)
}
