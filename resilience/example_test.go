// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

func ExampleNewCircuitBreaker() {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		Name:             "payment",
		FailureThreshold: 2,
		RecoveryTimeout:  30 * time.Second,
		OnStateChange: func(c resilience.StateChange) {
			fmt.Printf("%s: %v -> %v\n", c.Name, c.From, c.To)
		},
	})
	for range 3 {
		err := breaker.Call(context.Background(), func(context.Context) error {
			return errors.New("connection refused")
		})
		fmt.Println(err, errors.Is(err, kernel.ErrCircuitOpen))
	}
	// Output:
	// connection refused false
	// payment: closed -> open
	// connection refused false
	// circuit breaker "payment" is open: next probe in 30s true
}

func ExampleCircuitBreaker_Acquire() {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1})
	permit, err := breaker.Acquire()
	if err != nil {
		return // refused
	}
	permit.Failure()
	fmt.Println(breaker.State())
	// Output: open
}

func ExampleCall() {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{})
	stock, err := resilience.Call(context.Background(), breaker, func(context.Context) (int, error) {
		return 42, nil
	})
	fmt.Println(stock, err)
	// Output: 42 <nil>
}

func ExampleNewRetryPolicy() {
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{
		MaxAttempts: 3,
		BaseDelay:   time.Millisecond,
		RetryOn:     new(*net.OpError), // any network error, by errors.As
		OnRetry: func(e resilience.RetryEvent) {
			fmt.Printf("attempt %d: %v; again in %v\n", e.Attempt, e.Err, e.Delay)
		},
	})
	attempts := 0
	err := retry.Execute(context.Background(), func(context.Context) error {
		attempts++
		if attempts < 3 {
			return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// attempt 1: dial tcp: connection refused; again in 1ms
	// attempt 2: dial tcp: connection refused; again in 2ms
	// <nil>
}

func ExampleNewRetryBudget() {
	budget := resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: 0.2, MinPerSecond: 1})
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: resilience.NoDelay, Budget: budget})
	attempts := 0
	for range 10 {
		_ = retry.Execute(context.Background(), func(context.Context) error {
			attempts++
			return errors.New("overloaded")
		})
	}
	fmt.Println(attempts, "attempts for 10 calls instead of 30")
	// Output: 12 attempts for 10 calls instead of 30
}
