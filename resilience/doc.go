// SPDX-License-Identifier: Apache-2.0

// Package resilience holds the policies that guard calls to other services. It
// knows nothing of HTTP or of the application context and is useful alone:
//
//	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 5})
//	retry := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 3})
//	err := retry.Execute(ctx, func(ctx context.Context) error {
//		return breaker.Call(ctx, fetch)
//	})
//
// [Call] runs a function with a result under any [Policy]. All policies are
// safe for concurrent use, start no goroutine and measure time by the monotonic
// clock only, so that a wall clock that is set does not disturb them.
package resilience
