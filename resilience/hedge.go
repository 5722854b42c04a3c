// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
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
	// retry. Calls are counted by the retry policy that shares the budget;
	// without one, by [RetryBudget.Deposit]. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
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
	if c.Quantile < 0 || c.Quantile >= 1 {
		quantile = fmt.Errorf("%w: quantile is %v: it must be between 0 and 1", kernel.ErrConfig, c.Quantile)
	}
	return errors.Join(noNegativeTime("delay", c.Delay), notNegative("max-hedges", c.MaxHedges), quantile)
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
// An attempt that fails waits for those beside it; if all fail, the error is the
// first one's. A panic goes on, on the caller's goroutine. fn runs on several
// goroutines at a time; [Call] hands out the result of the one that has won. It
// costs a goroutine and some allocations for each call, and is safe for
// concurrent use.
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
	return &Hedge{config: config.WithDefaults(), invalid: config.Validate()}
}

// hedged is how one attempt ended.
type hedged struct {
	attempt  int
	err      error
	panicked any
}

// Execute runs fn, once or several times side by side.
func (h *Hedge) Execute(ctx context.Context, fn func(context.Context) error) error {
	if h.invalid != nil {
		return h.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan hedged, 1+h.config.MaxHedges)
	begun := time.Now()
	go runHedged(running, 1, fn, ends)
	timer := time.NewTimer(h.delay())
	defer timer.Stop()

	attempts, ended := 1, 0
	var first error
	for {
		select {
		case <-timer.C:
			if attempts <= h.config.MaxHedges && h.mayHedge(attempts+1) {
				attempts++
				if h.config.OnHedge != nil {
					h.config.OnHedge(attempts, time.Since(begun))
				}
				go runHedged(context.WithValue(running, attemptKey{}, attempts), attempts, fn, ends)
				timer.Reset(h.delay())
			}
		case end := <-ends:
			if end.panicked != nil {
				panic(end.panicked)
			}
			if end.err == nil {
				h.won(end.attempt, time.Since(begun))
				return nil
			}
			if ended++; ended == 1 {
				first = end.err
			}
			if ended == attempts {
				return first
			}
		case <-ctx.Done():
			// What heeds its context ends now and says more than the context.
			return h.interrupted(ctx, ends, attempts-ended, first)
		}
	}
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

// interrupted returns the error of an attempt if one is there.
func (h *Hedge) interrupted(ctx context.Context, ends <-chan hedged, left int, first error) error {
	for range left {
		select {
		case end := <-ends:
			switch {
			case end.panicked != nil:
				panic(end.panicked)
			case end.err == nil:
				return nil
			case first == nil:
				first = end.err
			}
		default:
		}
	}
	if first == nil {
		return ctx.Err()
	}
	return &interruptedError{ctx.Err(), first}
}

func runHedged(ctx context.Context, attempt int, fn func(context.Context) error, ends chan<- hedged) {
	end := hedged{attempt: attempt, panicked: errGoexit}
	defer func() {
		if r := recover(); r != nil {
			end.panicked = r
		}
		ends <- end
	}()
	end.err = fn(ctx)
	end.panicked = nil
}

var errGoexit = errors.New("resilience: a hedged call has left its goroutine by runtime.Goexit")

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
