// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// CircuitBreaker rejects calls to a service that keeps failing (M. Nygard, Release
// It!, 2007). It is closed until FailureThreshold consecutive calls have failed. Then
// it is open for RecoveryTimeout and rejects all calls. Then it is half-open and admits
// HalfOpenProbes calls as probes. If they succeed it closes; if one fails it opens
// again:
//
//	         failures               recovery timeout over
//	CLOSED ------------> OPEN ------------------------------> HALF-OPEN
//	   ^                  ^                                    |     |
//	   |                  |            a probe fails           |     |
//	   |                  +------------------------------------+     |
//	   |                        the probes succeed                   |
//	   +-------------------------------------------------------------+
//
// With a sliding window, a rate opens the circuit instead: the share of failures or
// of slow calls in the window.
//
// A successful call of a closed circuit costs two atomic loads: no lock, no
// allocation, no reading of the clock and no write. A count window adds an atomic
// addition; a time window and SlowCallDuration each add a reading of the clock. A
// rejected call costs one reading of the clock. Half-open calls take a lock for a
// short time; no lock is held while a function of the user runs. There are no timers
// and no goroutines.
//
// CircuitBreaker is safe for concurrent use.
type CircuitBreaker struct {
	current atomic.Uint64
	config  atomic.Pointer[CircuitBreakerConfig]
	window  atomic.Pointer[window]              // of the closed circuit; nil: none
	open    atomic.Pointer[CircuitBreakerError] // of the last opening
	epoch   time.Time                           // from which the monotonic clock is read

	invalid error // of Validate; every call returns it

	mu         sync.Mutex           // guards transitions and what follows
	probing    *CircuitBreakerError // with which a half-open circuit rejects
	probes     []probe              // of the half-open circuit, in progress
	lastProbe  uint32
	succeeded  int // probes since the circuit became half-open
	reopenings int // since the circuit was closed
	openings   int64
	since      time.Time // of the last transition
	changes    []StateChange
	notifying  bool
}

// probe is a call that a half-open circuit has admitted.
type probe struct {
	id       uint32
	admitted time.Duration
}

// NewCircuitBreaker returns a closed circuit breaker. If config is not valid,
// every call returns the error of its Validate.
func NewCircuitBreaker(config CircuitBreakerConfig) *CircuitBreaker {
	b := &CircuitBreaker{invalid: config.Validate(), epoch: time.Now()}
	b.since = b.epoch
	c := config.WithDefaults()
	b.config.Store(&c)
	b.probing = probingRejection(&c)
	if b.invalid != nil {
		b.current.Store(uint64(newWord(stateInvalid, false, 0, 0)))
		return b
	}
	w := newWindow(&c, 0)
	b.window.Store(w)
	b.current.Store(uint64(newWord(StateClosed, w != nil, 0, 0)))
	return b
}

// Name returns the name of the configuration.
func (b *CircuitBreaker) Name() string { return b.config.Load().Name }

// State returns the state. It is [StateHalfOpen] as soon as the recovery timeout of an
// open circuit has passed, even before the first probe.
func (b *CircuitBreaker) State() CircuitState {
	switch state := b.load().state(); {
	case state == StateOpen && b.isRecovered():
		return StateHalfOpen
	case state == stateInvalid:
		return StateClosed
	default:
		return state
	}
}

// rejectsAfter reports whether a call after the delay will be rejected, as far as is
// known now.
func (b *CircuitBreaker) rejectsAfter(delay time.Duration) bool {
	switch b.load().state() {
	case StateOpen:
		return delay < b.open.Load().probeAfter-b.now()
	case StateForcedOpen:
		return true
	}
	return false
}

// isRecovered reports whether the recovery timeout of an open circuit has passed.
func (b *CircuitBreaker) isRecovered() bool {
	rejection := b.open.Load()
	return rejection.State == StateOpen && b.now() >= rejection.probeAfter
}

// now returns the time since the breaker was created, by the monotonic clock; never 0.
func (b *CircuitBreaker) now() time.Duration { return time.Since(b.epoch) + 1 }

// Call runs fn if the circuit admits it, and returns fn's error unchanged. Otherwise
// it returns a [*CircuitBreakerError] at once.
//
// A nil error is a success. So is an error for which IsFailure returns false: it
// shows that the service is alive. A call whose caller cancels ctx counts as neither
// success nor failure, and so does one that another circuit breaker rejects. A call
// whose deadline passes while fn runs is a failure. If ctx is already done, fn does
// not run. A panic of fn is a failure and is not recovered.
func (b *CircuitBreaker) Call(ctx context.Context, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := b.load()
	if !w.isPlain() {
		return b.callWithPermit(ctx, fn)
	}
	returned := false
	defer func() {
		if !returned { // a panic, or runtime.Goexit
			b.countFailure(w.generation())
		}
	}()
	err := fn(ctx)
	if err == nil && b.load() == w.withFailures(0) {
		returned = true
		return nil
	}
	v := b.judge(ctx, err)
	returned = true
	Permit{breaker: b, generation: w.generation()}.report(v)
	return err
}

// callWithPermit is [CircuitBreaker.Call] for all but a closed circuit without
// window.
func (b *CircuitBreaker) callWithPermit(ctx context.Context, fn func(context.Context) error) error {
	permit, err := b.acquire()
	if err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned {
			permit.Failure()
		}
	}()
	err = fn(ctx)
	v := b.judge(ctx, err)
	returned = true
	permit.report(v)
	return err
}

// Execute is [CircuitBreaker.Call]. It implements [Policy].
func (b *CircuitBreaker) Execute(ctx context.Context, fn func(context.Context) error) error {
	return b.Call(ctx, fn)
}

// verdict is how the end of a call counts.
type verdict uint8

const (
	isSuccess verdict = iota
	isFailure
	isNothing
	isAbandoned // cancelled by a hedge: it counts only if it was slow
)

// judge decides how a call counts that ended with err.
func (b *CircuitBreaker) judge(ctx context.Context, err error) verdict {
	switch {
	case err == nil:
		return isSuccess
	case errors.Is(ctx.Err(), context.Canceled):
		if context.Cause(ctx) == errHedgedAway {
			return isAbandoned
		}
		return isNothing
	case errors.Is(err, kernel.ErrCircuitOpen), isIgnored(err):
		return isNothing
	}
	if counts := b.config.Load().IsFailure; counts != nil && !counts(err) {
		return isSuccess
	}
	return isFailure
}

// isIgnored reports whether an error says itself that it counts as neither success nor
// failure: it is not of the service that the circuit breaker stands before.
func isIgnored(err error) bool {
	i, ok := err.(interface{ IsIgnoredByBreaker() bool })
	return ok && i.IsIgnoredByBreaker()
}

// Permit is the permission to make one call. When the call has ended, exactly one of
// its methods must be called, once.
type Permit struct {
	breaker    *CircuitBreaker
	generation uint32
	probe      uint32        // 0: the circuit was closed
	begun      time.Duration // 0: not measured
}

// Acquire returns a permission to make a call, for code that cannot use
// [CircuitBreaker.Call]. If the circuit rejects the call, the error is a
// [*CircuitBreakerError].
func (b *CircuitBreaker) Acquire() (Permit, error) {
	if w := b.load(); w.isPlain() {
		return Permit{breaker: b, generation: w.generation()}, nil
	}
	return b.acquire()
}

// Success reports that the call succeeded.
func (p Permit) Success() {
	w := p.breaker.load()
	if w.isPlain() && w.failures() == 0 {
		return
	}
	p.end(w, true)
}

// Failure reports that the call failed.
func (p Permit) Failure() { p.end(p.breaker.load(), false) }

// Ignore reports that the call counts as neither success nor failure, such as one that
// its caller has cancelled.
func (p Permit) Ignore() {
	if p.probe != 0 {
		p.breaker.probeIgnored(p)
	}
}

// report reports the end of a call.
func (p Permit) report(v verdict) {
	switch v {
	case isSuccess:
		p.Success()
	case isFailure:
		p.Failure()
	case isNothing:
		p.Ignore()
	case isAbandoned:
		p.abandon()
	}
}

// abandon reports that a hedge has cancelled the call. It counts as a slow call if it
// was slow by then.
func (p Permit) abandon() {
	b := p.breaker
	if !b.isSlow(p, b.now()) {
		p.Ignore()
		return
	}
	p.Success()
}

func (p Permit) end(w word, succeeded bool) {
	b := p.breaker
	switch {
	case p.probe != 0:
		b.endProbe(p, succeeded)
	case w.state() != StateClosed || w.generation() != p.generation:
	case w.hasWindow():
		b.remember(w, p, succeeded)
	case succeeded:
		b.forgetFailures(p.generation)
	default:
		b.countFailure(p.generation)
	}
}

func (b *CircuitBreaker) endProbe(p Permit, succeeded bool) {
	now := b.now()
	slow := b.isSlow(p, now)
	if succeeded && !slow {
		b.probeSucceeded(p)
	} else {
		b.probeFailed(p)
	}
	if slow {
		b.notifySlow(now - p.begun)
	}
}

// isSlow reports whether a call that ends at now was slow.
func (b *CircuitBreaker) isSlow(p Permit, now time.Duration) bool {
	limit := b.config.Load().SlowCallDuration
	return p.begun != 0 && limit > 0 && now-p.begun > limit
}

// notifySlow calls the listener for a slow call, after the call has been counted.
func (b *CircuitBreaker) notifySlow(took time.Duration) {
	if listener := b.config.Load().OnSlowCall; listener != nil {
		listener(took)
	}
}

// remember adds the outcome of a call to the window, and opens the circuit if a rate
// reaches its limit.
func (b *CircuitBreaker) remember(w word, p Permit, succeeded bool) {
	window := b.window.Load()
	if window == nil || window.generation != p.generation {
		return
	}
	var now time.Duration
	if window.time != nil || p.begun != 0 {
		now = b.now()
	}
	o := recorded
	if !succeeded {
		o |= failed
	}
	slow := b.isSlow(p, now)
	if slow {
		o |= slowCall
	}
	if window.add(o, now, b.config.Load()) && window.tally(now).reaches(b.config.Load()) {
		b.transition(w, StateOpen)
	}
	if slow {
		b.notifySlow(now - p.begun)
	}
}

func (b *CircuitBreaker) load() word { return word(b.current.Load()) }

func (b *CircuitBreaker) replace(old, new word) bool {
	return b.current.CompareAndSwap(uint64(old), uint64(new))
}

// forgetFailures resets the count of consecutive failures, unless the state has
// changed since the call began.
func (b *CircuitBreaker) forgetFailures(generation uint32) {
	for {
		w := b.load()
		if !w.isPlain() || w.generation() != generation || w.failures() == 0 {
			return
		}
		if b.replace(w, w.withFailures(0)) {
			return
		}
	}
}

// countFailure counts a failure and opens the circuit at FailureThreshold, unless the
// state has changed since the call began.
func (b *CircuitBreaker) countFailure(generation uint32) {
	for {
		w := b.load()
		if !w.isPlain() || w.generation() != generation {
			return
		}
		failures := uint64(w.failures()) + 1
		if failures >= uint64(b.config.Load().FailureThreshold) {
			b.transition(w, StateOpen)
			return
		}
		if failures > math.MaxUint32 || b.replace(w, w.withFailures(uint32(failures))) {
			return
		}
	}
}

// CircuitBreakerError is the error of a call that a circuit breaker rejected.
// errors.Is reports true for it and kernel.ErrCircuitOpen. errors.As finds it as
// pointer and as value.
type CircuitBreakerError struct {
	Name  string       // the breaker's
	State CircuitState // StateOpen, StateHalfOpen (other calls are probes) or StateForcedOpen

	probeAt    time.Time     // when the open circuit will admit a probe
	probeAfter time.Duration // the same, by the breaker's own clock
	opened     time.Time
}

// RetryAfter returns the time from now until the circuit admits a probe; 0 if it does
// already, or if the time is not known.
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
	switch e.State {
	case StateHalfOpen:
		return name + " is half-open: a probe is in progress"
	case StateForcedOpen:
		return name + " is forced open until it is reset"
	}
	return fmt.Sprintf("%s is open: next probe in %s", name, e.RetryAfter().Round(time.Millisecond))
}

// Is matches kernel.ErrCircuitOpen.
func (e CircuitBreakerError) Is(target error) bool { return target == kernel.ErrCircuitOpen }

// As supports errors.As with a target of the value type.
func (e *CircuitBreakerError) As(target any) bool {
	t, ok := target.(*CircuitBreakerError)
	if ok {
		*t = *e
	}
	return ok
}
