// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/resilience"
)

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
		answer := func(context.Context) (int, error) { return 42, nil }
		assert.Zero(t, testing.AllocsPerRun(200, func() { _ = policy.Execute(ctx, succeed) }), name)
		assert.Zero(t, testing.AllocsPerRun(200, func() { _, _ = resilience.Call(ctx, policy, answer) }), "%s: with a result", name)
	}
}
