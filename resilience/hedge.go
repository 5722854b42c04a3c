// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// HedgeConfig configures a [Hedge]. A zero field means its default.
type HedgeConfig struct {
	// Delay is how long to wait for an answer before the next attempt begins
	// beside it. Default 100ms.
	Delay time.Duration `koanf:"delay"`
	// Quantile, if set, takes the place of Delay as soon as 20 calls have been
	// measured: 0.95 hedges the slowest twentieth of the last 100.
	Quantile float64 `koanf:"quantile"`
	// MaxHedges is how many attempts there may be beside the first. Default 1.
	MaxHedges int `koanf:"max-hedges"`
	// Budget limits the hedges of all calls that share it: a hedge counts as a
	// retry. The hedge counts its calls in the budget, unless a retry policy
	// around it that shares the budget has done so. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
	// IsDefinite says which errors end the call at once, as a success does: the
	// answer is known, and no other attempt would bring a better one. nil: none;
	// an attempt that fails waits for those beside it.
	IsDefinite func(error) bool `koanf:"-"`
	// OnHedge is told of every hedge that begins, OnHedgeWon of every one
	// whose answer is the call's. attempt counts from 2.
	OnHedge    func(attempt int, after time.Duration) `koanf:"-"`
	OnHedgeWon func(attempt int)                      `koanf:"-"`
	// OnBudgetExhausted is told of every hedge that the budget has prevented.
	OnBudgetExhausted func(attempt int) `koanf:"-"`
}

const (
	defaultHedgeDelay = 100 * time.Millisecond
	defaultMaxHedges  = 1
	minLatencies      = 20
	maxLatencies      = 100
)

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c HedgeConfig) Validate() error {
	var quantile error
	if !(c.Quantile >= 0 && c.Quantile < 1) {
		quantile = wrongField("quantile", "quantile is %v: it must be between 0 and 1", c.Quantile)
	}
	return errors.Join(noNegativeTime("delay", c.Delay), notNegative("max-hedges", c.MaxHedges), quantile)
}

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, where zero does not mean the default.
func (c *HedgeConfig) SetExplicitZero(key string) {
	switch key {
	case "delay":
		c.Delay = NoDelay
	case "max-hedges":
		c.MaxHedges = explicitZero
	}
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c HedgeConfig) WithDefaults() HedgeConfig {
	setDefaultTime(&c.Delay, defaultHedgeDelay)
	setDefault(&c.MaxHedges, defaultMaxHedges)
	return c
}

// Hedge begins a call a second time when the first takes unusually long, and
// takes the answer that comes first (J. Dean and L. A. Barroso, The Tail at
// Scale, 2013). The others are cancelled, and end on goroutines of their own as
// soon as they heed their context. Hedge only what may be done twice.
//
// An attempt that fails waits for those beside it, unless its error is definite
// (IsDefinite). If all fail, the error is that of the first to fail; a rejection by
// a circuit breaker, a bulkhead or a limit gives way to an error of the service. A
// panic goes on, on the caller's goroutine. An attempt that is cancelled because
// another has ended the call is no success and no failure for a [CircuitBreaker]
// within, but counts as slow if it was. fn runs on several goroutines at a time,
// and finds the number of its attempt by [AttemptOf]; [Call] hands out the result
// of the attempt that has won. A call costs a goroutine and some allocations. It
// is safe for concurrent use.
type Hedge struct {
	config  HedgeConfig
	invalid error

	mu        sync.Mutex
	latencies []time.Duration // of the last calls, a ring
	next      int
	quantile  time.Duration // of the latencies; 0: not known yet
}

// NewHedge makes a hedge. If config is not valid, Execute returns the error of
// its Validate.
func NewHedge(config HedgeConfig) *Hedge {
	if config.Budget != nil {
		config.Budget.isHedged.Store(true)
	}
	return &Hedge{config: config.WithDefaults(), invalid: config.Validate()}
}

// hedged is how one attempt ended.
type hedged struct {
	attempt  int
	err      error
	panicked any
}

// maxKeptEnds is how many ends of attempts wait to be looked at; more attempts
// wait until they are.
const maxKeptEnds = 16

// race is one call of a hedge with its attempts.
type race struct {
	*Hedge
	ctx      context.Context // of the attempts
	fn       func(context.Context) error
	begun    time.Time
	ends     chan hedged
	attempts int
	ended    int
	failure  error // what the call returns if no attempt succeeds
}

// Execute runs fn, once or several times side by side.
func (h *Hedge) Execute(ctx context.Context, fn func(context.Context) error) error {
	if h.invalid != nil {
		return h.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if b := h.config.Budget; b != nil && attemptOf(ctx).budget != b {
		b.Deposit()
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(errHedgedAway)
	r := &race{Hedge: h, ctx: running, fn: fn, begun: time.Now(), ends: make(chan hedged, maxKeptEnds)}
	r.begin()
	timer := time.NewTimer(h.delay())
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if r.attempts <= h.config.MaxHedges && h.mayHedge(r.attempts+1) {
				if h.config.OnHedge != nil {
					h.config.OnHedge(r.attempts+1, time.Since(r.begun))
				}
				r.begin()
				timer.Reset(h.delay())
			}
		case end := <-r.ends:
			if r.isDecidedBy(end) {
				return r.failure
			}
		case <-ctx.Done():
			// What heeds its context ends now and says more than the context.
			return r.interrupted(ctx)
		}
	}
}

// begin begins an attempt.
func (r *race) begin() {
	ctx := r.ctx
	if r.attempts > 0 {
		mark := attemptOf(ctx)
		mark.number = AttemptOf(ctx) + r.attempts
		ctx = context.WithValue(ctx, attemptKey{}, mark)
	}
	r.attempts++
	go runHedged(ctx, r.attempts, r.fn, r.ends)
}

// isDecidedBy takes in how an attempt has ended, and reports whether the call ends
// with it.
func (r *race) isDecidedBy(end hedged) bool {
	r.ended++
	switch {
	case end.panicked != nil:
		panic(end.panicked)
	case end.err == nil, r.config.IsDefinite != nil && r.config.IsDefinite(end.err):
		r.failure = end.err
		r.won(end.attempt, time.Since(r.begun))
		return true
	case r.failure == nil || isRejection(r.failure) && !isRejection(end.err):
		r.failure = end.err
	}
	return r.ended == r.attempts
}

// isRejection reports whether a policy has refused the call before it began.
func isRejection(err error) bool {
	return errors.Is(err, kernel.ErrCircuitOpen) || errors.Is(err, ErrBulkheadFull) || errors.Is(err, ErrRateLimitReached)
}

func (h *Hedge) mayHedge(attempt int) bool {
	if h.config.Budget == nil || h.config.Budget.withdraw() {
		return true
	}
	if h.config.OnBudgetExhausted != nil {
		h.config.OnBudgetExhausted(attempt)
	}
	return false
}

// interrupted ends a call whose context is done. It returns the error of an
// attempt if one is there.
func (r *race) interrupted(ctx context.Context) error {
	for {
		select {
		case end := <-r.ends:
			if r.isDecidedBy(end) && r.failure == nil {
				return nil
			}
		default:
			if r.failure == nil {
				return ctx.Err()
			}
			return &interruptedError{ctx.Err(), r.failure}
		}
	}
}

// runHedged runs an attempt. One that ends after the call leaves nothing behind.
func runHedged(ctx context.Context, attempt int, fn func(context.Context) error, ends chan<- hedged) {
	end := hedged{attempt: attempt, panicked: errGoexit}
	defer func() {
		if r := recover(); r != nil {
			end.panicked = r
		}
		select {
		case ends <- end:
			return
		default:
		}
		select {
		case ends <- end:
		case <-ctx.Done():
		}
	}()
	end.err = fn(ctx)
	end.panicked = nil
}

var errGoexit = errors.New("resilience: a hedged call has left its goroutine by runtime.Goexit")

// errHedgedAway is the cause of the end of attempts that another has made needless.
var errHedgedAway = errors.New("resilience: another attempt has ended the call")

func (h *Hedge) won(attempt int, took time.Duration) {
	if attempt > 1 && h.config.OnHedgeWon != nil {
		h.config.OnHedgeWon(attempt)
	}
	if h.config.Quantile > 0 {
		h.measure(took)
	}
}

// delay is how long to wait before the next attempt.
func (h *Hedge) delay() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.quantile > 0 {
		return h.quantile
	}
	return h.config.Delay
}

// measure takes in how long a call took.
func (h *Hedge) measure(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.latencies) < maxLatencies {
		h.latencies = append(h.latencies, took)
	} else {
		h.latencies[h.next] = took
	}
	h.next = (h.next + 1) % maxLatencies
	if n := len(h.latencies); n >= minLatencies && h.next%10 == 0 {
		sorted := slices.Sorted(slices.Values(h.latencies))
		h.quantile = max(1, sorted[min(n-1, int(h.config.Quantile*float64(n)))])
	}
}
