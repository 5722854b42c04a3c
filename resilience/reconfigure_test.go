// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

func TestAHalfOpenCircuitIsReconfigured(t *testing.T) {
	config := func(probes, successes int) resilience.CircuitBreakerConfig {
		return resilience.CircuitBreakerConfig{FailureThreshold: 1, RecoveryTimeout: 10 * time.Second, HalfOpenProbes: probes, HalfOpenSuccesses: successes}
	}
	for name, c := range map[string]struct {
		before    resilience.CircuitBreakerConfig
		out       int // probes under way at the change
		succeeded int // before the change
		after     resilience.CircuitBreakerConfig
		state     resilience.CircuitState // after the change
		admits    int                     // further probes
		closedBy  int                     // successes of those under way that close it
	}{
		"fewer probes than are out":           {config(3, 3), 3, 0, config(1, 1), resilience.StateHalfOpen, 0, 1},
		"fewer probes than have succeeded":    {config(5, 5), 1, 3, config(2, 2), resilience.StateClosed, 0, 0},
		"as many as have succeeded, none out": {config(5, 5), 0, 2, config(2, 2), resilience.StateClosed, 0, 0},
		"fewer successes":                     {config(5, 5), 0, 2, config(5, 2), resilience.StateClosed, 0, 0},
		"more probes":                         {config(1, 1), 1, 0, config(3, 3), resilience.StateHalfOpen, 2, 3},
		"more successes than before":          {config(3, 2), 0, 1, config(3, 3), resilience.StateHalfOpen, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []resilience.CircuitState
				b := halfOpen(t, c.before)
				c.after.OnStateChange = func(change resilience.StateChange) { told = append(told, change.To) }
				var out []resilience.Permit
				acquire := func() bool {
					permit, err := b.Acquire()
					if err == nil {
						out = append(out, permit)
					}
					return err == nil
				}
				for range c.succeeded {
					require.True(t, acquire())
				}
				for _, permit := range out {
					permit.Success()
				}
				out = nil
				for range c.out {
					require.True(t, acquire())
				}
				mustReconfigure(t, b, c.after)
				wantState(t, b, c.state)
				if c.state == resilience.StateClosed {
					assert.Equal(t, []resilience.CircuitState{resilience.StateClosed}, told)
					return
				}
				for range c.admits {
					assert.True(t, acquire())
				}
				assert.False(t, acquire(), "one more than configured")
				for _, permit := range out[:c.closedBy-1] {
					permit.Success()
				}
				wantState(t, b, resilience.StateHalfOpen)
				out[c.closedBy-1].Success()
				wantState(t, b, resilience.StateClosed)
			})
		})
	}
}

func TestARefusalHasTheNameOfTheConfiguration(t *testing.T) {
	for name, state := range map[string]func(b *resilience.CircuitBreaker){
		"open":        func(*resilience.CircuitBreaker) {},
		"forced open": func(b *resilience.CircuitBreaker) { b.ForceOpen() },
		"half-open": func(b *resilience.CircuitBreaker) {
			time.Sleep(time.Minute) // virtual
			_, _ = b.Acquire()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{Name: "old", FailureThreshold: 1, RecoveryTimeout: time.Minute})
				failTimes(t, b, 1)
				state(b)
				mustReconfigure(t, b, resilience.CircuitBreakerConfig{Name: "new", RecoveryTimeout: time.Minute})
				assert.ErrorContains(t, b.Call(t.Context(), succeed), `circuit breaker "new" is`)
			})
		})
	}
}

// TestWhatWasCountedIsJudgedByTheNewConfiguration changes settings of a closed
// circuit.
func TestWhatWasCountedIsJudgedByTheNewConfiguration(t *testing.T) {
	count := resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, WindowSize: 10, MinimumCalls: 10, FailureRate: 0.9}
	withRate := func(rate float64, minimum int) resilience.CircuitBreakerConfig {
		c := count
		c.FailureRate, c.MinimumCalls = rate, minimum
		return c
	}
	span := resilience.CircuitBreakerConfig{SlidingWindow: resilience.TimeWindow, WindowDuration: time.Minute}
	spanOfSize := span
	spanOfSize.WindowSize = 7
	threshold := func(n int) resilience.CircuitBreakerConfig {
		return resilience.CircuitBreakerConfig{FailureThreshold: n}
	}
	for name, c := range map[string]struct {
		before, after resilience.CircuitBreakerConfig
		failures      int
		then          func(context.Context) error // one call
		want          resilience.CircuitState
		counted       int64 // in the window
	}{
		"a lower threshold":                   {threshold(5), threshold(3), 4, fail, resilience.StateOpen, 0},
		"a lower threshold, then a success":   {threshold(5), threshold(3), 4, succeed, resilience.StateClosed, 0},
		"a higher threshold":                  {threshold(5), threshold(10), 4, fail, resilience.StateClosed, 0},
		"a lower rate, then a success":        {count, withRate(0.5, 8), 8, succeed, resilience.StateOpen, 0},
		"less calls needed, then a success":   {count, withRate(0.8, 5), 8, succeed, resilience.StateOpen, 0},
		"another size of a window it has not": {span, spanOfSize, 5, succeed, resilience.StateClosed, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := resilience.NewCircuitBreaker(c.before)
				failTimes(t, b, c.failures)
				wantState(t, b, resilience.StateClosed)
				mustReconfigure(t, b, c.after)
				_ = b.Call(t.Context(), c.then)
				wantState(t, b, c.want)
				assert.Equal(t, c.counted, b.Snapshot().Calls)
			})
		})
	}
}

func TestFailuresBeforeAWindowAreForgotten(t *testing.T) {
	plain := resilience.CircuitBreakerConfig{FailureThreshold: 5}
	b := resilience.NewCircuitBreaker(plain)
	failTimes(t, b, 4)
	mustReconfigure(t, b, resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow})
	for range 50 {
		_ = b.Call(t.Context(), succeed)
	}
	mustReconfigure(t, b, plain)
	failTimes(t, b, 1)
	wantState(t, b, resilience.StateClosed)
}

func TestABulkheadsNewWaitHoldsForThoseThatWait(t *testing.T) {
	for name, c := range map[string]struct {
		before, after time.Duration
		ends          time.Duration // from the beginning; the change is after 2s
	}{
		"shorter":          {time.Minute, 5 * time.Second, 5 * time.Second},
		"over already":     {time.Minute, time.Second, 2 * time.Second},
		"longer":           {5 * time.Second, 10 * time.Second, 10 * time.Second},
		"limited at last":  {0, 5 * time.Second, 5 * time.Second},
		"no longer at all": {5 * time.Second, 0, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := resilience.BulkheadConfig{MaxConcurrent: 1, MaxQueue: 1, MaxWait: c.before}
				b := resilience.NewBulkhead(config)
				var wg sync.WaitGroup
				wg.Go(func() { _ = b.Execute(t.Context(), until(30*time.Second, nil)) })
				synctest.Wait()
				begun := time.Now()
				wg.Go(func() {
					err := b.Execute(t.Context(), succeed)
					assert.Equal(t, c.ends, time.Since(begun))
					assert.Equal(t, c.after > 0, errors.Is(err, resilience.ErrBulkheadFull))
				})
				time.Sleep(2 * time.Second) // virtual
				config.MaxWait = c.after
				require.NoError(t, b.Reconfigure(config))
				wg.Wait()
			})
		})
	}
}

func TestWhatWasMadeWithAWrongConfigurationStaysWrong(t *testing.T) {
	bulkhead := resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: -2})
	assert.ErrorIs(t, bulkhead.Reconfigure(resilience.BulkheadConfig{}), kernel.ErrConfig)
	adaptive := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{MinLimit: -2})
	assert.ErrorIs(t, adaptive.Reconfigure(resilience.AdaptiveLimiterConfig{}), kernel.ErrConfig)
	budget := resilience.NewRetryBudget(resilience.RetryBudgetConfig{})
	assert.ErrorIs(t, budget.Reconfigure(resilience.RetryBudgetConfig{Ratio: 2}), kernel.ErrConfig)
}

func TestABudgetThatIsReconfiguredKeepsItsHistory(t *testing.T) {
	for name, c := range map[string]struct {
		before, after resilience.RetryBudgetConfig
		calls         [2]int // all fail; before and after the change, at once
		want          [2]int // retries
	}{
		"a higher ratio": {
			resilience.RetryBudgetConfig{Ratio: 0.1, MinPerSecond: none}, resilience.RetryBudgetConfig{Ratio: 0.2, MinPerSecond: none}, [2]int{100, 100}, [2]int{10, 30}},
		"a lower ratio": {
			resilience.RetryBudgetConfig{Ratio: 0.5, MinPerSecond: none}, resilience.RetryBudgetConfig{Ratio: 0.1, MinPerSecond: none}, [2]int{100, 100}, [2]int{50, 0}},
		"the same": {
			resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5}, resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5}, [2]int{20, 20}, [2]int{5, 0}},
		"a higher minimum": {
			resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 3}, resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5}, [2]int{20, 20}, [2]int{3, 2}},
		"a lower minimum": {
			resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5}, resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 2}, [2]int{20, 20}, [2]int{5, 0}},
		"no minimum": {
			resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5}, resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: none}, [2]int{20, 20}, [2]int{5, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				budget := resilience.NewRetryBudget(c.before)
				l := &load{}
				l.policy = resilience.NewRetryPolicy(resilience.RetryConfig{
					MaxAttempts: 2, BaseDelay: resilience.NoDelay, Budget: budget, OnRetry: func(resilience.RetryEvent) { l.retries++ },
				})
				l.calls(t, c.calls[0], fail)
				assert.Equal(t, c.want[0], l.retries)
				require.NoError(t, budget.Reconfigure(c.after))
				l.calls(t, c.calls[1], fail)
				assert.Equal(t, c.want[1], l.retries-c.want[0])
				time.Sleep(11 * time.Second) // virtual
				l.retries = 0
				l.calls(t, 100, fail)
				fresh := newLoad(c.after)
				fresh.calls(t, 100, fail)
				assert.InDelta(t, fresh.retries, l.retries, 1, "when all is forgotten it is like a new one")
			})
		})
	}
}
