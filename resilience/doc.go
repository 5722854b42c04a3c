// SPDX-License-Identifier: Apache-2.0

// Package resilience provides policies that protect calls to other services, such as
// circuit breakers, retries and rate limits. It depends neither on HTTP nor on the
// application context:
//
//	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 5})
//	retry := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 3})
//	err := retry.Execute(ctx, func(ctx context.Context) error {
//		return breaker.Call(ctx, fetch)
//	})
//
// [Call] runs a function with a result under any [Policy]. All policies are safe for
// concurrent use. They start no goroutines, except for [Hedge], and measure time by
// the monotonic clock, so that changes of the wall clock do not affect them.
package resilience
