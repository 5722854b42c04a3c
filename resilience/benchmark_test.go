// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// The floor is one atomic load and the call. Run side by side with peers in
// the module benchmarks.
func BenchmarkPolicies(b *testing.B) {
	ctx := context.Background()
	var word atomic.Uint64
	closed := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{})
	open := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1, RecoveryTimeout: time.Hour})
	_ = open.Call(ctx, fail)
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{})
	budgeted := resilience.NewRetryPolicy(resilience.RetryConfig{Budget: resilience.NewRetryBudget(resilience.RetryBudgetConfig{})})
	guarded := func(ctx context.Context) error { return closed.Call(ctx, succeed) }
	for name, call := range map[string]func(){
		"floor":         func() { _ = word.Load(); _ = succeed(ctx) },
		"closed":        func() { _ = closed.Call(ctx, succeed) },
		"open":          func() { _ = open.Call(ctx, succeed) },
		"retry":         func() { _ = retry.Execute(ctx, succeed) },
		"retry-budget":  func() { _ = budgeted.Execute(ctx, succeed) },
		"retry-breaker": func() { _ = retry.Execute(ctx, guarded) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
		b.Run(name+"-parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					call()
				}
			})
		})
	}
}
