// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/pyfly-go/pyfly/resilience"
)

func BenchmarkBreakerWindow(b *testing.B) { both(b, windows()) }
func BenchmarkPipeline(b *testing.B)      { both(b, pipelines()) }

// windows are breakers with a sliding window, closed.
func windows() []subject {
	ctx := context.Background()
	count := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, RecoveryTimeout: recovery, MaxRecoveryTimeout: recovery})
	span := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.TimeWindow, RecoveryTimeout: recovery, MaxRecoveryTimeout: recovery})
	slow := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, SlowCallDuration: time.Second, RecoveryTimeout: recovery, MaxRecoveryTimeout: recovery})
	ratio := circuitbreaker.NewBuilder[any]().WithFailureThresholdRatio(50, 100).WithDelay(recovery).Build()
	sony := gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{Interval: time.Minute, Timeout: recovery})
	return []subject{
		floor(),
		{name: "pyfly, count window", call: func() error { return count.Call(ctx, succeed) }},
		{name: "pyfly, count window and slow calls", call: func() error { return slow.Call(ctx, succeed) }},
		{name: "pyfly, time window", call: func() error { return span.Call(ctx, succeed) }},
		{name: "gobreaker, interval", call: func() error {
			_, err := sony.Execute(func() (struct{}, error) { return struct{}{}, succeed(ctx) })
			return err
		}},
		{name: "failsafe-go, permit of a ratio", call: func() error {
			if !ratio.TryAcquirePermit() {
				return errSick
			}
			err := succeed(ctx)
			ratio.RecordError(err)
			return err
		}},
	}
}

// pipelines are all policies at once, and what they cost at least: a context
// with a timeout.
func pipelines() []subject {
	ctx := context.Background()
	breaker := newBreaker()
	attempt := resilience.NewTimeout(resilience.TimeoutConfig{Limit: timeout})
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: attempts, BaseDelay: baseDelay, Breaker: breaker})
	guarded := resilience.NewPipeline(retry, breaker, attempt)
	full := resilience.NewPipeline(
		resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 100}),
		resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 1e9}), retry, breaker, attempt)
	withoutTimeout := resilience.NewPipeline(retry, breaker)
	nested := func(ctx context.Context) error { return breaker.Call(ctx, succeed) }
	return []subject{
		{name: "context.WithTimeout", call: func() error {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return succeed(ctx)
		}},
		{name: "pyfly, retry, breaker, by hand", call: func() error { return retry.Execute(ctx, nested) }},
		{name: "pyfly, retry, breaker", call: func() error { return withoutTimeout.Execute(ctx, succeed) }},
		{name: "pyfly, retry, breaker, timeout", call: func() error { return guarded.Execute(ctx, succeed) }},
		{name: "pyfly, bulkhead, rate limit, retry, breaker, timeout", call: func() error { return full.Execute(ctx, succeed) }},
	}
}
