// SPDX-License-Identifier: Apache-2.0

//go:build !race

package resilience_test

import (
	"context"
	"testing"

	"github.com/pyfly-go/pyfly/resilience"
)

// The race detector makes a sync.Pool forget what it holds, and so allocate.
func TestAPipelineOfKnownPoliciesAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{})
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{Breaker: breaker})
	for name, policy := range map[string]resilience.Policy{
		"retry, breaker": resilience.NewPipeline(retry, breaker),
		"nested":         resilience.NewPipeline(resilience.NewPipeline(retry), resilience.NewPipeline(breaker)),
		"all that allocate nothing": resilience.NewPipeline(
			resilience.NewBulkhead(resilience.BulkheadConfig{}),
			resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 1e9}),
			resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{}),
			resilience.NewFallback(func(_ context.Context, cause error) error { return cause }, nil),
			resilience.NewTimeout(resilience.TimeoutConfig{Limit: resilience.NoDelay}),
			retry, breaker),
	} {
		if n := testing.AllocsPerRun(200, func() { _ = policy.Execute(ctx, succeed) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
