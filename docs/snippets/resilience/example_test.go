// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

func Example() {
	ctx := context.Background()
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{Name: "prices", FailureThreshold: 2})
	fails := func(context.Context) error { return errBusy }

	fmt.Println(breaker.Call(ctx, fails), breaker.State())
	fmt.Println(breaker.Call(ctx, fails), breaker.State())

	err := breaker.Call(ctx, fails) // rejected: fails is not called
	fmt.Println(errors.Is(err, kernel.ErrCircuitOpen))
	// Output:
	// busy closed
	// busy open
	// true
}

func Example_retry() {
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{
		BaseDelay: 10 * time.Millisecond,
		OnRetry:   func(e resilience.RetryEvent) { fmt.Println("attempt", e.Attempt, "failed, the next in", e.Delay) },
	})
	calls := 0
	price, err := resilience.Call(context.Background(), retry, func(context.Context) (Price, error) {
		if calls++; calls < 3 {
			return Price{}, errBusy
		}
		return Price{Cents: 2490}, nil
	})
	fmt.Println(price.Cents, err)
	// Output:
	// attempt 1 failed, the next in 10ms
	// attempt 2 failed, the next in 20ms
	// 2490 <nil>
}

func Example_wrongConfig() {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: -1})
	fmt.Println(breaker.Call(context.Background(), func(context.Context) error { return nil }))
	// Output:
	// wrong configuration: failure-threshold must be at least 1
}
