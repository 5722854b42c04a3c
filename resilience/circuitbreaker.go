// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// CircuitBreaker stops calling what keeps failing (M. Nygard, Release It!, 2007).
// It is closed until FailureThreshold calls in a row have failed, then open for
// RecoveryTimeout, then half-open: it admits HalfOpenProbes calls as probes. If
// they succeed it closes, if one fails it opens again:
//
//	         failures               recovery timeout over
//	CLOSED ------------> OPEN ------------------------------> HALF-OPEN
//	   ^                  ^                                    |     |
//	   |                  |            a probe fails           |     |
//	   |                  +------------------------------------+     |
//	   |                        the probes succeed                   |
//	   +-------------------------------------------------------------+
//
// A successful call of a closed circuit costs two atomic loads: no lock, no
// allocation, no look at the clock and no write. A refused call costs a look at
// the clock. Half-open calls take a short lock; no lock is ever held while a
// user's function runs. There is no timer and no goroutine.
//
// It is safe for concurrent use.
type CircuitBreaker struct {
	config  CircuitBreakerConfig
	invalid error // of Validate; every call returns it
	current atomic.Uint64
	open    atomic.Pointer[CircuitBreakerError] // of the last opening
	probing *CircuitBreakerError                // what a half-open circuit refuses with

	mu        sync.Mutex // guards transitions and what follows
	probes    []probe    // of the half-open circuit, not yet returned
	lastProbe uint32
	succeeded int // probes of this half-open time
	changes   []StateChange
	notifying bool
}

// probe is a call that a half-open circuit has admitted.
type probe struct {
	id       uint32
	admitted time.Time
}

// NewCircuitBreaker makes a closed circuit breaker. If config is not valid,
// every call returns the error of its Validate.
func NewCircuitBreaker(config CircuitBreakerConfig) *CircuitBreaker {
	b := &CircuitBreaker{invalid: config.Validate(), config: config.withDefaults()}
	b.probing = &CircuitBreakerError{Name: config.Name, State: StateHalfOpen}
	if b.invalid != nil {
		b.current.Store(uint64(newWord(stateInvalid, 0, 0)))
	}
	return b
}

// Name returns the name that the configuration gave.
func (b *CircuitBreaker) Name() string { return b.config.Name }

// State returns the breaker's state. An open circuit whose recovery timeout is
// over is half-open, although no probe has come yet.
func (b *CircuitBreaker) State() CircuitState {
	switch state := b.load().state(); {
	case state == StateOpen && b.open.Load().RetryAfter() == 0:
		return StateHalfOpen
	case state == stateInvalid:
		return StateClosed
	default:
		return state
	}
}

// Call runs fn if the circuit admits it, and returns fn's error as it is. An
// open circuit returns a [*CircuitBreakerError] at once.
//
// A nil error is a success; an error for which IsFailure returns false proves
// what is guarded alive and is one as well. What counts as nothing is the
// caller's cancellation of ctx, and the refusal of another breaker. That ctx's
// deadline passes while fn runs counts as a failure: there was no answer in the
// time there was. A ctx that is done already keeps fn from running. A panic of
// fn counts as failure and goes on.
func (b *CircuitBreaker) Call(ctx context.Context, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	permit, err := b.Acquire()
	if err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned { // a panic, or runtime.Goexit
			permit.Failure()
		}
	}()
	err = fn(ctx)
	succeeded, counts := true, true
	if err != nil {
		succeeded, counts = b.judge(ctx, err)
	}
	returned = true
	switch {
	case !counts:
		permit.Ignore()
	case succeeded:
		permit.Success()
	default:
		permit.Failure()
	}
	return err
}

// Execute is [CircuitBreaker.Call]; it makes the breaker a [Policy].
func (b *CircuitBreaker) Execute(ctx context.Context, fn func(context.Context) error) error {
	return b.Call(ctx, fn)
}

// judge decides what an error means for the circuit.
func (b *CircuitBreaker) judge(ctx context.Context, err error) (succeeded, counts bool) {
	if errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, kernel.ErrCircuitOpen) {
		return false, false
	}
	return b.config.IsFailure != nil && !b.config.IsFailure(err), true
}

// Permit is the leave to make one call. Exactly one of its methods must be
// called, once, when the call has ended.
type Permit struct {
	breaker    *CircuitBreaker
	generation uint32
	probe      uint32 // 0: the circuit was closed
}

// Acquire asks for the leave to make a call, for callers that cannot use
// [CircuitBreaker.Call]. The error is a [*CircuitBreakerError].
func (b *CircuitBreaker) Acquire() (Permit, error) {
	if w := b.load(); w.state() == StateClosed {
		return Permit{breaker: b, generation: w.generation()}, nil
	}
	return b.acquireUnlessOpen()
}

// Success reports that the call succeeded.
func (p Permit) Success() {
	b := p.breaker
	if p.probe != 0 {
		b.probeSucceeded(p)
		return
	}
	if w := b.load(); w.failures() != 0 {
		b.forgetFailures(p.generation)
	}
}

// Failure reports that the call failed.
func (p Permit) Failure() {
	if p.probe != 0 {
		p.breaker.probeFailed(p)
		return
	}
	p.breaker.countFailure(p.generation)
}

// Ignore reports that the call says nothing: it was cancelled by its caller.
func (p Permit) Ignore() {
	if p.probe != 0 {
		p.breaker.probeIgnored(p)
	}
}

func (b *CircuitBreaker) load() word { return word(b.current.Load()) }

func (b *CircuitBreaker) replace(old, new word) bool {
	return b.current.CompareAndSwap(uint64(old), uint64(new))
}

// forgetFailures begins the count of consecutive failures anew, unless the
// circuit has changed since the call began.
func (b *CircuitBreaker) forgetFailures(generation uint32) {
	for {
		w := b.load()
		if w.state() != StateClosed || w.generation() != generation || w.failures() == 0 {
			return
		}
		if b.replace(w, newWord(StateClosed, generation, 0)) {
			return
		}
	}
}

// countFailure counts a failure and opens the circuit when it is one too many,
// unless the circuit has changed since the call began.
func (b *CircuitBreaker) countFailure(generation uint32) {
	for {
		w := b.load()
		if w.state() != StateClosed || w.generation() != generation {
			return
		}
		failures := w.failures() + 1
		if failures >= uint32(b.config.FailureThreshold) {
			b.transition(w, StateOpen)
			return
		}
		if b.replace(w, newWord(StateClosed, generation, failures)) {
			return
		}
	}
}

// CircuitBreakerError says that a circuit breaker refused a call. It answers
// to errors.Is for kernel.ErrCircuitOpen, and is found by errors.As as pointer
// and as value.
type CircuitBreakerError struct {
	Name  string       // the breaker's
	State CircuitState // StateOpen, or StateHalfOpen when other calls are probing

	probeAt time.Time // when the open circuit will admit a probe
}

// RetryAfter returns how long it is, from now, until the circuit admits a
// probe; 0 when that time has come.
func (e CircuitBreakerError) RetryAfter() time.Duration {
	if e.probeAt.IsZero() {
		return 0
	}
	return max(0, time.Until(e.probeAt))
}

// Error implements error.
func (e CircuitBreakerError) Error() string {
	name := "circuit breaker"
	if e.Name != "" {
		name = fmt.Sprintf("circuit breaker %q", e.Name)
	}
	if e.State == StateHalfOpen {
		return name + " is half-open: a probe is under way"
	}
	return fmt.Sprintf("%s is open: next probe in %s", name, e.RetryAfter().Round(time.Millisecond))
}

// Is matches kernel.ErrCircuitOpen.
func (e CircuitBreakerError) Is(target error) bool { return target == kernel.ErrCircuitOpen }

// As lets errors.As fill a target of the value type.
func (e *CircuitBreakerError) As(target any) bool {
	t, ok := target.(*CircuitBreakerError)
	if ok {
		*t = *e
	}
	return ok
}
