// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

func TestOperatorsMayForceTheCircuit(t *testing.T) {
	var changes []string
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		Name: "prices", FailureThreshold: 2,
		OnStateChange: func(c resilience.StateChange) { changes = append(changes, c.From.String()+">"+c.To.String()) },
	})
	b.ForceOpen()
	var refused *resilience.CircuitBreakerError
	if err := b.Call(t.Context(), succeed); !errors.As(err, &refused) || refused.State != resilience.StateForcedOpen || refused.RetryAfter() != 0 {
		t.Errorf("forced open: %v", err)
	}
	if got := b.Call(t.Context(), succeed).Error(); got != `circuit breaker "prices" is forced open until it is reset` {
		t.Error(got)
	}
	b.Disable()
	failTimes(t, b, 10)
	wantState(t, b, resilience.StateDisabled)
	b.Reset()
	b.Reset() // no transition
	failTimes(t, b, 1)
	b.Reset() // forgets
	failTimes(t, b, 1)
	wantState(t, b, resilience.StateClosed)
	failTimes(t, b, 1)
	wantState(t, b, resilience.StateOpen)
	b.Reset()
	if err := b.Call(t.Context(), succeed); err != nil {
		t.Error(err)
	}
	if want := []string{"closed>forced-open", "forced-open>disabled", "disabled>closed", "closed>open", "open>closed"}; !slices.Equal(changes, want) {
		t.Errorf("told of %v, want %v", changes, want)
	}
}

func TestALateResultOfADisabledCircuitChangesNothing(t *testing.T) {
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1})
	b.Disable()
	permit, err := b.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	permit.Failure()
	wantState(t, b, resilience.StateClosed)
}

func TestTheRecoveryTimeoutGrowsUntilTheCircuitCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
			FailureThreshold: 1, RecoveryTimeout: 10 * time.Second, RecoveryMultiplier: 2, MaxRecoveryTimeout: 30 * time.Second,
		})
		for _, want := range []time.Duration{10, 20, 30, 30} {
			failTimes(t, b, 1)
			if got := b.Snapshot().RetryAfter; got != want*time.Second {
				t.Errorf("it waits %s, want %s", got, want*time.Second)
			}
			time.Sleep(want*time.Second - 1) // virtual
			wantState(t, b, resilience.StateOpen)
			time.Sleep(time.Nanosecond)
		}
		if err := b.Call(t.Context(), succeed); err != nil {
			t.Error(err)
		}
		failTimes(t, b, 1)
		if got := b.Snapshot(); got.RetryAfter != 10*time.Second || got.Openings != 5 {
			t.Errorf("after it has closed: %+v", got)
		}
	})
}

func TestABreakerIsReconfiguredWhileItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := resilience.CircuitBreakerConfig{FailureThreshold: 5, RecoveryTimeout: time.Minute}
		b := resilience.NewCircuitBreaker(config)
		failTimes(t, b, 2)
		config.FailureThreshold = 3
		mustReconfigure(t, b, config)
		failTimes(t, b, 1)
		wantState(t, b, resilience.StateOpen) // the two before still count
		time.Sleep(20 * time.Second)          // virtual
		config.RecoveryTimeout = 30 * time.Second
		mustReconfigure(t, b, config)
		if got := b.Snapshot().RetryAfter; got != 10*time.Second {
			t.Errorf("it waits %s more, want 10s", got)
		}
		if err := b.Reconfigure(resilience.CircuitBreakerConfig{FailureThreshold: -2}); !errors.Is(err, kernel.ErrConfig) {
			t.Errorf("got %v", err)
		}
		wantState(t, b, resilience.StateOpen)
		time.Sleep(10 * time.Second)
		if err := b.Call(t.Context(), succeed); err != nil {
			t.Error(err)
		}

		config.SlidingWindow, config.WindowSize, config.MinimumCalls = resilience.CountWindow, 4, 4
		mustReconfigure(t, b, config)
		failTimes(t, b, 3) // no consecutive failures any more
		wantState(t, b, resilience.StateClosed)
		config.WindowSize, config.MinimumCalls = 10, 10
		mustReconfigure(t, b, config)
		if s := b.Snapshot(); s.Calls != 3 || s.Failures != 3 {
			t.Errorf("a larger window has forgotten: %+v", s)
		}
		config.WindowSize, config.MinimumCalls = 2, 2
		mustReconfigure(t, b, config)
		if s := b.Snapshot(); s.Calls != 2 || s.Failures != 2 {
			t.Errorf("a smaller window: %+v", s)
		}
		failTimes(t, b, 1)
		wantState(t, b, resilience.StateOpen)
	})
}

func mustReconfigure(t *testing.T, b *resilience.CircuitBreaker, config resilience.CircuitBreakerConfig) {
	t.Helper()
	if err := b.Reconfigure(config); err != nil {
		t.Fatal(err)
	}
}

func TestSlowCallsOpenTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow []time.Duration
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
			SlidingWindow: resilience.CountWindow, WindowSize: 4, SlowCallDuration: time.Second, SlowCallRate: 0.5, RecoveryTimeout: time.Minute,
			OnSlowCall: func(took time.Duration) { slow = append(slow, took) },
		})
		for _, took := range []time.Duration{time.Second, 2 * time.Second, 0, 3 * time.Second} {
			wantState(t, b, resilience.StateClosed)
			if err := b.Call(t.Context(), until(took, nil)); err != nil {
				t.Error(err)
			}
		}
		wantState(t, b, resilience.StateOpen)
		if !slices.Equal(slow, []time.Duration{2 * time.Second, 3 * time.Second}) {
			t.Errorf("told of %v", slow)
		}
		time.Sleep(time.Minute) // virtual
		_ = b.Call(t.Context(), until(2*time.Second, nil))
		wantState(t, b, resilience.StateOpen) // a slow probe has failed
	})
}

func TestWindowsCountEveryCallOfMany(t *testing.T) {
	for _, window := range []resilience.SlidingWindow{resilience.CountWindow, resilience.TimeWindow} {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
			SlidingWindow: window, WindowSize: 10_000, WindowDuration: time.Hour, MinimumCalls: 10_000, FailureRate: 1,
		})
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				for n := range 900 {
					if (n+i)%3 == 0 {
						_ = b.Call(context.Background(), fail)
					} else {
						_ = b.Call(context.Background(), succeed)
					}
				}
			})
		}
		wg.Wait()
		if s := b.Snapshot(); s.Calls != 9000 || s.Failures != 3000 {
			t.Errorf("%s: %d calls, %d failures", window, s.Calls, s.Failures)
		}
	}
}

func TestJitterKeepsWithinItsBounds(t *testing.T) {
	const base, most = 100 * time.Millisecond, time.Second
	for jitter, bounds := range map[resilience.Jitter]func(n int, d, last time.Duration) (from, to time.Duration){
		resilience.NoJitter:    func(_ int, d, _ time.Duration) (time.Duration, time.Duration) { return d, d },
		resilience.FullJitter:  func(_ int, d, _ time.Duration) (time.Duration, time.Duration) { return 0, d },
		resilience.EqualJitter: func(_ int, d, _ time.Duration) (time.Duration, time.Duration) { return d / 2, d },
		resilience.DecorrelatedJitter: func(_ int, _, last time.Duration) (time.Duration, time.Duration) {
			return base, min(most, 3*max(last, base))
		},
	} {
		seen := map[time.Duration]bool{}
		for range 50 {
			synctest.Test(t, func(t *testing.T) {
				config := resilience.RetryConfig{MaxAttempts: 6, BaseDelay: base, Multiplier: 3, MaxDelay: most, Jitter: jitter}
				delays, _ := delaysOf(t, t.Context(), config, errDown)
				last := time.Duration(0)
				for i, d := range []time.Duration{base, 3 * base, 9 * base, most, most} {
					from, to := bounds(i, d, last)
					if delays[i] < from || delays[i] > to {
						t.Errorf("%s: delay %d is %s, want %s to %s", jitter, i+1, delays[i], from, to)
					}
					last = delays[i]
					seen[last] = true
				}
			})
		}
		if jitter != resilience.NoJitter && len(seen) < 20 {
			t.Errorf("%s: only %d different delays", jitter, len(seen))
		}
	}
}

func TestARetryAfterThatAsksForTooMuchIsNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			most, asked time.Duration
			want        int // delays
		}{
			{10 * time.Second, 10 * time.Second, 1}, {10 * time.Second, 11 * time.Second, 0},
			{0, 5 * time.Minute, 1}, {0, 5*time.Minute + 1, 0}, {resilience.NoDelay, 300 * 24 * time.Hour, 1},
		} {
			config := resilience.RetryConfig{MaxAttempts: 2, BaseDelay: time.Second, MaxRetryAfter: c.most}
			if delays, err := delaysOf(t, t.Context(), config, busy(c.asked)); len(delays) != c.want || err == nil {
				t.Errorf("%+v: %v, %v", c, delays, err)
			}
		}
	})
}

func TestAnAttemptKnowsItsNumber(t *testing.T) {
	var attempts []int
	if n := resilience.AttemptOf(t.Context()); n != 1 {
		t.Errorf("outside of a retry it is %d", n)
	}
	_ = resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: resilience.NoDelay}).Execute(t.Context(), func(ctx context.Context) error {
		attempts = append(attempts, resilience.AttemptOf(ctx))
		return errDown
	})
	if !slices.Equal(attempts, []int{1, 2, 3}) {
		t.Errorf("got %v", attempts)
	}
}

// A call that is made within an attempt of another has attempts of its own.
func TestAnAttemptWithinAnotherKnowsItsOwnNumber(t *testing.T) {
	var attempts []int
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: resilience.NoDelay, MaxAttempts: 2})
	_ = resilience.NewPipeline(retry, retry).Execute(t.Context(), func(ctx context.Context) error {
		attempts = append(attempts, resilience.AttemptOf(ctx))
		return errDown
	})
	if !slices.Equal(attempts, []int{1, 2, 1, 2}) {
		t.Errorf("got %v", attempts)
	}
}

func TestASpentBudgetIsTold(t *testing.T) {
	var told []resilience.RetryEvent
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{
		BaseDelay: resilience.NoDelay, Budget: resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: -1, MinPerSecond: -1}),
		OnBudgetExhausted: func(e resilience.RetryEvent) { told = append(told, e) },
	})
	if err := retry.Execute(t.Context(), fail); err != errDown || len(told) != 1 || told[0].Attempt != 1 || told[0].Err != errDown {
		t.Errorf("%v, told %+v", err, told)
	}
}
