// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/resilience"
)

// TestPoliciesMadeOutsideOfABubbleWorkInIt: a program's policies are often
// variables of its packages, and the clock of a test in virtual time is far behind.
func TestPoliciesMadeOutsideOfABubbleWorkInIt(t *testing.T) {
	const second = time.Second
	for name, make := range map[string]func() func(t *testing.T){
		"consecutive failures": func() func(t *testing.T) {
			b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 3, RecoveryTimeout: time.Minute})
			return func(t *testing.T) { opensAndCloses(t, b, 3) }
		},
		"a count window": func() func(t *testing.T) {
			b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, MinimumCalls: 20, RecoveryTimeout: time.Minute})
			return func(t *testing.T) { opensAndCloses(t, b, 20) }
		},
		"a time window": func() func(t *testing.T) {
			b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.TimeWindow, MinimumCalls: 20, RecoveryTimeout: time.Minute})
			return func(t *testing.T) { opensAndCloses(t, b, 20) }
		},
		"a rate limiter": func() func(t *testing.T) {
			l := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 10, Burst: 1, MaxWait: time.Minute})
			_ = l.Execute(context.Background(), succeed)
			return func(t *testing.T) {
				begun := time.Now()
				for range 101 {
					assert.NoError(t, l.Execute(t.Context(), succeed))
				}
				assert.InDelta(t, 10*second, time.Since(begun), float64(second))
			}
		},
		"a retry budget": func() func(t *testing.T) {
			l := newLoad(resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 5})
			l.calls(t, 100, fail)
			return func(t *testing.T) {
				for range 3 {
					l.retries = 0
					l.calls(t, 100, fail)
					assert.Equal(t, 5, l.retries)
					time.Sleep(time.Minute) // virtual
				}
			}
		},
		"an adaptive limiter": func() func(t *testing.T) {
			l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{})
			_ = l.Execute(context.Background(), succeed)
			return func(t *testing.T) {
				callers(t, l, 200, 2*time.Minute, (&service{capacity: 100}).call)
				assert.Greater(t, l.Limit(), 50)
				for range 100 {
					_ = l.Execute(t.Context(), until(second, context.DeadlineExceeded))
				}
				assert.Less(t, l.Limit(), 10)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, make()) })
	}
}

// opensAndCloses lets calls fail until the circuit, which waits for a minute, is
// open.
func opensAndCloses(t *testing.T, b *resilience.CircuitBreaker, failures int) {
	failTimes(t, b, failures-1)
	wantState(t, b, resilience.StateClosed)
	failTimes(t, b, 1)
	wantState(t, b, resilience.StateOpen)
	time.Sleep(time.Minute - 1) // virtual
	wantState(t, b, resilience.StateOpen)
	time.Sleep(time.Nanosecond) // virtual
	assert.NoError(t, b.Call(t.Context(), succeed))
	wantState(t, b, resilience.StateClosed)
}
