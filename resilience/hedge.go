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
	// Delay is the time after which the next attempt begins if the call has not
	// ended. Default 100ms; NoDelay: all attempts begin at once.
	Delay time.Duration `koanf:"delay"`
	// Quantile, if set, replaces Delay after 20 calls by this quantile of the
	// durations of the last 100 calls: 0.95 hedges the slowest 5 %. It must be at
	// least 0 and less than 1.
	Quantile float64 `koanf:"quantile"`
	// MaxHedges is the maximum number of attempts besides the first. Default 1.
	MaxHedges int `koanf:"max-hedges"`
	// Budget limits the hedges of all policies that share it; a hedge counts as a
	// retry. Each call is counted once, also if a retry policy around the hedge
	// shares the budget. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
	// IsDefinite reports whether an error ends the call at once, like a success,
	// because no other attempt would have a better result. nil: no error does; the
	// call waits for the other attempts.
	IsDefinite func(error) bool `koanf:"-"`
	// OnHedge is called for every hedge that begins, OnHedgeWon for every hedge whose
	// result is that of the call, on the goroutine of the call. attempt counts from 2.
	OnHedge    func(attempt int, after time.Duration) `koanf:"-"`
	OnHedgeWon func(attempt int)                      `koanf:"-"`
	// OnBudgetExhausted is called for every hedge that the budget prevents.
	OnBudgetExhausted func(attempt int) `koanf:"-"`
}

const (
	defaultHedgeDelay = 100 * time.Millisecond
	defaultMaxHedges  = 1
	minLatencies      = 20
	maxLatencies      = 100
)

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c HedgeConfig) Validate() error {
	var quantile error
	if !(c.Quantile >= 0 && c.Quantile < 1) {
		quantile = wrongField("quantile", "quantile is %v: it must be between 0 and 1", c.Quantile)
	}
	return errors.Join(noNegativeTime("delay", c.Delay), notNegative("max-hedges", c.MaxHedges), quantile)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *HedgeConfig) SetExplicitZero(key string) {
	switch key {
	case "delay":
		c.Delay = NoDelay
	case "max-hedges":
		c.MaxHedges = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
func (c HedgeConfig) WithDefaults() HedgeConfig {
	setDefaultTime(&c.Delay, defaultHedgeDelay)
	setDefault(&c.MaxHedges, defaultMaxHedges)
	return c
}

// Hedge begins another attempt of a call that takes unusually long, and returns the
// result of the attempt that succeeds first (J. Dean and L. A. Barroso, The Tail at
// Scale, 2013). The other attempts are cancelled, and end on their own goroutines when
// they observe that. Hedge only calls that may be executed twice.
//
// If an attempt fails, the call waits for the others, unless IsDefinite reports true.
// If all attempts fail, the error is that of the first that failed; but an error of
// the service takes precedence over a rejection by a circuit breaker, a bulkhead or a
// limiter. A panic of an attempt is raised again on the caller's goroutine. For a
// [CircuitBreaker] within, an attempt that another one has made superfluous is neither
// a success nor a failure, but it counts as slow if it was.
//
// The function runs on several goroutines at the same time; [AttemptOf] returns the
// number of its attempt. [Call] returns the result of the attempt that won. A call
// costs a goroutine and some allocations. Hedge is safe for concurrent use.
type Hedge struct {
	config  HedgeConfig
	invalid error

	mu        sync.Mutex
	latencies []time.Duration // of the last calls, a ring
	next      int
	quantile  time.Duration // of the latencies; 0: not known yet
}

// NewHedge returns a hedge. If config is not valid, Execute returns the error of its
// Validate.
func NewHedge(config HedgeConfig) *Hedge {
	if config.Budget != nil {
		config.Budget.isHedged.Store(true)
	}
	return &Hedge{config: config.WithDefaults(), invalid: config.Validate()}
}

// hedged is the end of an attempt.
type hedged struct {
	attempt  int
	err      error
	panicked any
}

// maxKeptEnds is the number of attempts that may end before the call receives their
// ends; further ones wait.
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

// Execute runs fn once, or several times concurrently.
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
			// Attempts that observe ctx end now; their errors say more than ctx's.
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

// isDecidedBy records the end of an attempt, and reports whether the call ends with it.
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

// isRejection reports whether a policy rejected the call before it began.
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

// interrupted returns the error of a call whose context is done, with that of an
// attempt if one has failed.
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

// runHedged runs an attempt. Its goroutine ends with it, even if the call has ended.
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

var errGoexit = errors.New("resilience: a hedged call ended its goroutine with runtime.Goexit")

// errHedgedAway is the cause of the cancellation of attempts when the call has ended.
var errHedgedAway = errors.New("resilience: another attempt has ended the call")

func (h *Hedge) won(attempt int, took time.Duration) {
	if attempt > 1 && h.config.OnHedgeWon != nil {
		h.config.OnHedgeWon(attempt)
	}
	if h.config.Quantile > 0 {
		h.measure(took)
	}
}

// delay returns the time to wait before the next attempt.
func (h *Hedge) delay() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.quantile > 0 {
		return h.quantile
	}
	return h.config.Delay
}

// measure records the duration of a call.
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
