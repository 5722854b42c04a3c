// SPDX-License-Identifier: Apache-2.0

// Package resilience holds the snippets of docs/resilience.md.
package resilience

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

type Price struct{ Cents int }

func fetch(context.Context) (Price, error) { return Price{}, nil }
func cached() Price                        { return Price{} }

var breaker = resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
	Name:             "prices",
	FailureThreshold: 5,
	RecoveryTimeout:  30 * time.Second,
	OnStateChange: func(c resilience.StateChange) {
		slog.Warn("circuit breaker", "name", c.Name, "from", c.From, "to", c.To)
	},
})

func price(ctx context.Context) (Price, error) {
	p, err := resilience.Call(ctx, breaker, fetch)
	if errors.Is(err, kernel.ErrCircuitOpen) {
		return cached(), nil
	}
	return p, err
}

func isFailure() resilience.CircuitBreakerConfig {
	config := resilience.CircuitBreakerConfig{
		IsFailure: func(err error) bool { return !errors.Is(err, fs.ErrNotExist) },
	}
	return config
}

func acquire() error {
	permit, err := breaker.Acquire()
	if err != nil {
		return err
	}
	if work() {
		permit.Success()
	} else {
		permit.Failure()
	}
	return nil
}

func work() bool { return true }

var retry = resilience.NewRetryPolicy(resilience.RetryConfig{
	MaxAttempts: 4, // 1s, 2s and 4s between them
	RetryOn:     resilience.Any(resilience.ErrorType[*net.OpError](), resilience.Errors(errBusy)),
	OnRetry: func(e resilience.RetryEvent) {
		slog.Info("retry", "attempt", e.Attempt, "delay", e.Delay, "cause", e.Err)
	},
})

var errBusy = errors.New("busy")

var busy = resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
	SlidingWindow:    resilience.TimeWindow, // or CountWindow: the last WindowSize calls
	WindowDuration:   30 * time.Second,
	MinimumCalls:     50,
	FailureRate:      0.5,
	SlowCallDuration: 2 * time.Second,
	SlowCallRate:     0.8,
})

var prices = resilience.NewPipeline(
	resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 50, MaxQueue: 100, MaxWait: time.Second}),
	resilience.NewTimeout(resilience.TimeoutConfig{Limit: 10 * time.Second}),
	resilience.NewRetryPolicy(resilience.RetryConfig{Breaker: breaker}),
	breaker,
	resilience.NewTimeout(resilience.TimeoutConfig{Limit: 2 * time.Second}),
)

func guardedPrice(ctx context.Context) (Price, error) {
	return resilience.Call(ctx, prices, fetch)
}

func budget() *resilience.RetryPolicy {
	shared := resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: 0.2, MinPerSecond: 10})
	reads := resilience.NewRetryPolicy(resilience.RetryConfig{Budget: shared})
	writes := resilience.NewRetryPolicy(resilience.RetryConfig{Budget: shared, MaxAttempts: 2})
	_ = writes
	return reads
}
