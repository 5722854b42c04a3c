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
		RetryOn:     resilience.ErrorType[*net.OpError](), // by errors.As
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

func ExampleNewPipeline() {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{Name: "prices"})
	prices := resilience.NewPipeline(
		resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 50}),
		resilience.NewTimeout(resilience.TimeoutConfig{Limit: 10 * time.Second}),
		resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: time.Millisecond, Breaker: breaker}),
		breaker,
		resilience.NewTimeout(resilience.TimeoutConfig{Limit: 2 * time.Second}),
	)
	price, err := resilience.Call(context.Background(), prices, func(ctx context.Context) (int, error) {
		if resilience.AttemptOf(ctx) < 3 {
			return 0, errors.New("busy")
		}
		return 3499, nil
	})
	fmt.Println(price, err)
	// Output: 3499 <nil>
}

func ExampleNewTimeout() {
	timeout := resilience.NewTimeout(resilience.TimeoutConfig{Limit: time.Millisecond})
	err := timeout.Execute(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fmt.Println(err)
	// Output: timed out after 1ms
}

func ExampleNewBulkhead() {
	bulkhead := resilience.NewBulkhead(resilience.BulkheadConfig{Name: "prices", MaxConcurrent: 1})
	_ = bulkhead.Execute(context.Background(), func(ctx context.Context) error {
		fmt.Println(bulkhead.Execute(ctx, func(context.Context) error { return nil }))
		return nil
	})
	// Output: prices: too many concurrent calls
}

func ExampleNewRateLimiter() {
	limiter := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 0.001, Burst: 1})
	for range 2 {
		err := limiter.Execute(context.Background(), func(context.Context) error { return nil })
		fmt.Println(err == nil, errors.Is(err, resilience.ErrRateLimitReached))
	}
	// Output:
	// true false
	// false true
}

func ExampleNewHedge() {
	hedge := resilience.NewHedge(resilience.HedgeConfig{Delay: time.Millisecond})
	answer, err := resilience.Call(context.Background(), hedge, func(ctx context.Context) (string, error) {
		if resilience.AttemptOf(ctx) == 1 {
			<-ctx.Done() // the slow one
			return "", ctx.Err()
		}
		return "the second", nil
	})
	fmt.Println(answer, err)
	// Output: the second <nil>
}

func ExampleNewAdaptiveLimiter() {
	limiter := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{InitialLimit: 1, MaxLimit: 100})
	_ = limiter.Execute(context.Background(), func(ctx context.Context) error {
		err := limiter.Execute(ctx, func(context.Context) error { return nil })
		fmt.Println(errors.Is(err, resilience.ErrBulkheadFull))
		return nil
	})
	// Output: true
}

func ExampleNewFallback() {
	var price int
	fallback := resilience.NewFallback(func(context.Context, error) error {
		price = 3499 // the list price
		return nil
	}, nil)
	err := fallback.Execute(context.Background(), func(context.Context) error { return errors.New("down") })
	fmt.Println(price, err)
	// Output: 3499 <nil>
}

func ExampleNewLastGood() {
	prices := resilience.NewLastGood[string, int](resilience.LastGoodConfig{MaxAge: time.Hour})
	ctx := context.Background()
	_, _ = prices.Call(ctx, "rake", func(context.Context) (int, error) { return 3499, nil })
	fmt.Println(prices.Call(ctx, "rake", func(context.Context) (int, error) { return 0, errors.New("down") }))
	// Output: 3499 <nil>
}
