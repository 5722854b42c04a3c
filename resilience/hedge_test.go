// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

var errConflict = errors.New("conflict")

// TestAHedgeReturnsTheErrorThatSaysMost lets attempts end with errors, after 100ms
// more each.
func TestAHedgeReturnsTheErrorThatSaysMost(t *testing.T) {
	rejections := map[string]error{
		"circuit breaker": &resilience.CircuitBreakerError{State: resilience.StateHalfOpen},
		"bulkhead":        &resilience.RejectedError{Kind: resilience.ErrBulkheadFull},
		"rate limit":      &resilience.RejectedError{Kind: resilience.ErrRateLimitReached},
	}
	for name, rejection := range rejections {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				takes []time.Duration
				errs  []error
				want  error
				after time.Duration
			}{
				{[]time.Duration{time.Second, 0}, []error{errDown, rejection}, errDown, time.Second},
				{[]time.Duration{time.Second, 2 * time.Second, 0}, []error{rejection, errDown, rejection}, errDown, 2100 * time.Millisecond},
				{[]time.Duration{time.Second, 0, 0}, []error{rejection, rejection, rejection}, rejection, time.Second},
				{[]time.Duration{time.Second, 0}, []error{nil, rejection}, nil, time.Second},
			} {
				synctest.Test(t, func(t *testing.T) {
					h := resilience.NewHedge(resilience.HedgeConfig{Delay: 100 * time.Millisecond, MaxHedges: len(c.takes) - 1})
					begun := time.Now()
					err := h.Execute(t.Context(), func(ctx context.Context) error {
						n := resilience.AttemptOf(ctx) - 1
						return until(c.takes[n], c.errs[n])(ctx)
					})
					assert.Equal(t, c.want, err)
					assert.Equal(t, c.after, time.Since(begun))
				})
			}
		})
	}
}

func TestTheErrorOfAHedgedProbeIsTheProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t, resilience.CircuitBreakerConfig{})
		p := resilience.NewPipeline(resilience.NewHedge(resilience.HedgeConfig{Delay: 100 * time.Millisecond}), b)
		assert.Equal(t, errDown, p.Execute(t.Context(), until(time.Second, errDown)))
		wantState(t, b, resilience.StateOpen)
	})
}

func TestADefiniteErrorEndsAHedgedCall(t *testing.T) {
	for name, c := range map[string]struct {
		takes []time.Duration
		errs  []error
		want  error
		after time.Duration
		won   []int
	}{
		"of the hedge":            {[]time.Duration{time.Hour, 50 * time.Millisecond}, []error{nil, errConflict}, errConflict, 150 * time.Millisecond, []int{2}},
		"of the first":            {[]time.Duration{200 * time.Millisecond, time.Hour}, []error{errConflict, nil}, errConflict, 200 * time.Millisecond, nil},
		"after one that is not":   {[]time.Duration{150 * time.Millisecond, 100 * time.Millisecond}, []error{errDown, errConflict}, errConflict, 200 * time.Millisecond, []int{2}},
		"one that is not goes on": {[]time.Duration{time.Second, 50 * time.Millisecond}, []error{nil, errDown}, nil, time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var won []int
				h := resilience.NewHedge(resilience.HedgeConfig{
					Delay:      100 * time.Millisecond,
					IsDefinite: func(err error) bool { return errors.Is(err, errConflict) },
					OnHedgeWon: func(attempt int) { won = append(won, attempt) },
				})
				begun := time.Now()
				err := h.Execute(t.Context(), func(ctx context.Context) error {
					n := resilience.AttemptOf(ctx) - 1
					return until(c.takes[n], c.errs[n])(ctx)
				})
				assert.Equal(t, c.want, err)
				assert.Equal(t, c.after, time.Since(begun))
				assert.Equal(t, c.won, won)
				synctest.Wait() // the others end
			})
		})
	}
}

// TestCallsOfAHedgeAreCountedOnceInItsBudget makes twenty calls that hang, with a
// budget of a half.
func TestCallsOfAHedgeAreCountedOnceInItsBudget(t *testing.T) {
	for name, build := range map[string]func(budget *resilience.RetryBudget, hedge *resilience.Hedge) resilience.Policy{
		"alone": func(_ *resilience.RetryBudget, hedge *resilience.Hedge) resilience.Policy { return hedge },
		"within a retry that shares it": func(budget *resilience.RetryBudget, hedge *resilience.Hedge) resilience.Policy {
			return resilience.NewPipeline(resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 1, Budget: budget}), hedge)
		},
		"within a retry that has none": func(_ *resilience.RetryBudget, hedge *resilience.Hedge) resilience.Policy {
			return resilience.NewPipeline(resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 1}), hedge)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				budget := resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: 0.5, MinPerSecond: none})
				hedges := 0
				p := build(budget, resilience.NewHedge(resilience.HedgeConfig{
					Delay: 10 * time.Millisecond, Budget: budget, OnHedge: func(int, time.Duration) { hedges++ },
				}))
				for range 20 {
					_ = p.Execute(t.Context(), until(100*time.Millisecond, nil))
				}
				assert.Equal(t, 10, hedges)
			})
		})
	}
}

// TestAnAttemptThatIsHedgedAwayCountsAsSlow: otherwise the hedge would hide from
// the circuit breaker that every first attempt hangs.
func TestAnAttemptThatIsHedgedAwayCountsAsSlow(t *testing.T) {
	hang := func(ctx context.Context) error {
		if resilience.AttemptOf(ctx) == 1 {
			return until(time.Hour, nil)(ctx)
		}
		return nil
	}
	config := resilience.CircuitBreakerConfig{
		SlidingWindow: resilience.CountWindow, WindowSize: 20, MinimumCalls: 10, SlowCallDuration: time.Second, SlowCallRate: 0.5,
	}
	for name, c := range map[string]struct {
		delay   time.Duration // of the hedge, which succeeds at once
		cancel  time.Duration // by the caller; 0: never
		snap    resilience.CircuitBreakerSnapshot
		isProbe bool
	}{
		"slow":                    {delay: 2 * time.Second, snap: resilience.CircuitBreakerSnapshot{Calls: 2, SlowCalls: 1}},
		"not slow yet":            {delay: time.Second, snap: resilience.CircuitBreakerSnapshot{Calls: 1}},
		"cancelled by the caller": {delay: time.Minute, cancel: 2 * time.Second},
		"a slow probe":            {delay: 2 * time.Second, isProbe: true, snap: resilience.CircuitBreakerSnapshot{State: resilience.StateOpen}},
		"a probe":                 {delay: time.Second, isProbe: true, snap: resilience.CircuitBreakerSnapshot{State: resilience.StateHalfOpen}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := 0
				config := config
				config.OnSlowCall = func(time.Duration) { told++ }
				config.RecoveryTimeout, config.HalfOpenProbes, config.HalfOpenSuccesses = time.Minute, 2, 2
				b := resilience.NewCircuitBreaker(config)
				if c.isProbe {
					failTimes(t, b, 10)
					time.Sleep(time.Minute) // virtual
				}
				ctx := t.Context()
				if c.cancel > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					time.AfterFunc(c.cancel, cancel)
				}
				p := resilience.NewPipeline(resilience.NewHedge(resilience.HedgeConfig{Delay: c.delay}), b)
				_ = p.Execute(ctx, hang)
				synctest.Wait()
				s := b.Snapshot()
				assert.Equal(t, c.snap, resilience.CircuitBreakerSnapshot{State: s.State, Calls: s.Calls, Failures: s.Failures, SlowCalls: s.SlowCalls})
				assert.Equal(t, c.delay > time.Second && c.cancel == 0, told == 1)
			})
		})
	}
}

func TestAHedgeCountsOnFromTheAttemptThatItIsWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var attempts []int
		p := resilience.NewPipeline(
			resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 2, BaseDelay: resilience.NoDelay}),
			resilience.NewHedge(resilience.HedgeConfig{Delay: 10 * time.Millisecond}))
		_ = p.Execute(t.Context(), func(ctx context.Context) error {
			mu.Lock()
			attempts = append(attempts, resilience.AttemptOf(ctx))
			mu.Unlock()
			return until(time.Second, errDown)(ctx)
		})
		assert.Equal(t, []int{1, 2, 2, 3}, attempts)
	})
}

func TestAHedgeMayHaveManyAttempts(t *testing.T) {
	for _, most := range []int{100, int(^uint(0) >> 1)} {
		synctest.Test(t, func(t *testing.T) {
			h := resilience.NewHedge(resilience.HedgeConfig{Delay: time.Millisecond, MaxHedges: most})
			err := h.Execute(t.Context(), func(ctx context.Context) error {
				if resilience.AttemptOf(ctx) == 100 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
			require.NoError(t, err)
			synctest.Wait() // the others end
		})
	}
}

// TestCodeThatPanicsEndsAHedgedCall lets the second attempt, or a listener, do so
// while the first attempt hangs.
func TestCodeThatPanicsEndsAHedgedCall(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	second := func(fn func()) func(context.Context) error {
		return func(ctx context.Context) error {
			if resilience.AttemptOf(ctx) == 2 {
				fn()
			}
			return hang(ctx)
		}
	}
	boom := func() { panic("boom") }
	for name, c := range map[string]struct {
		config resilience.HedgeConfig
		call   func(context.Context) error
	}{
		"an attempt": {resilience.HedgeConfig{}, second(boom)},
		"panic(nil)": {resilience.HedgeConfig{}, second(func() { panic(noValue) })},
		"Goexit":     {resilience.HedgeConfig{}, second(runtime.Goexit)},
		"OnHedge":    {resilience.HedgeConfig{OnHedge: func(int, time.Duration) { boom() }}, hang},
		"IsDefinite": {resilience.HedgeConfig{IsDefinite: func(error) bool { boom(); return true }}, func(context.Context) error { return errDown }},
		"a spent budget": {resilience.HedgeConfig{
			Budget: resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: none}), OnBudgetExhausted: func(int) { boom() },
		}, hang},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bulkhead := resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 2})
				p := resilience.NewPipeline(resilience.NewHedge(c.config), bulkhead)
				assert.Panics(t, func() { _ = p.Execute(t.Context(), c.call) })
				synctest.Wait()
				assert.Zero(t, bulkhead.Snapshot().Active, "attempts that go on")
			})
		})
	}
}

func TestHedgesWithinHedges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resilience.NewHedge(resilience.HedgeConfig{Delay: 100 * time.Millisecond})
		var runs atomic.Int32
		got, err := resilience.Call(t.Context(), resilience.NewPipeline(h, h), func(ctx context.Context) (int32, error) {
			if n := runs.Add(1); n == 4 {
				return n, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})
		assert.NoError(t, err)
		assert.EqualValues(t, 4, got)
		synctest.Wait()
	})
}

func TestAHedgeWhoseContextIsDoneTellsWhatItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resilience.NewHedge(resilience.HedgeConfig{Delay: 10 * time.Millisecond})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := h.Execute(ctx, func(ctx context.Context) error {
			return until([]time.Duration{time.Hour, time.Millisecond}[resilience.AttemptOf(ctx)-1], errDown)(ctx)
		})
		assert.ErrorIs(t, err, errDown)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, errors.Is(err, kernel.ErrCircuitOpen))
		synctest.Wait()
	})
}

var noValue any
