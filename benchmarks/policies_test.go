// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	avast "github.com/avast/retry-go/v4"
	"github.com/cenkalti/backoff/v5"
	eapachebreaker "github.com/eapache/go-resiliency/breaker"
	"github.com/eapache/go-resiliency/retrier"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	sethvargo "github.com/sethvargo/go-retry"
	"github.com/sony/gobreaker/v2"

	"github.com/pyfly-go/pyfly/resilience"
)

func BenchmarkBreakerClosed(b *testing.B)   { both(b, closedBreakers()) }
func BenchmarkBreakerOpen(b *testing.B)     { both(b, openBreakers()) }
func BenchmarkRetry(b *testing.B)           { both(b, retries()) }
func BenchmarkRetryAndBreaker(b *testing.B) { both(b, retriesAndBreakers()) }

// All libraries: five failures open the circuit, for an hour; three attempts,
// the second after a second.
const (
	threshold = 5
	recovery  = time.Hour
	attempts  = 3
	baseDelay = time.Second
)

var errSick = errors.New("sick")

// Noinline keeps the compiler from measuring nothing.
//
//go:noinline
func succeed(context.Context) error { return nil }

//go:noinline
func succeedAlone() error { return nil }

func fail(context.Context) error { return errSick }

func newBreaker() *resilience.CircuitBreaker {
	return resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: threshold, RecoveryTimeout: recovery})
}

func newGobreaker() *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     recovery,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= threshold },
	})
}

func newEapache() *eapachebreaker.Breaker { return eapachebreaker.New(threshold, 1, recovery) }

func newFailsafeBreaker() circuitbreaker.CircuitBreaker[any] {
	return circuitbreaker.NewBuilder[any]().WithFailureThreshold(threshold).WithDelay(recovery).Build()
}

func newFailsafeRetry() retrypolicy.RetryPolicy[any] {
	return retrypolicy.NewBuilder[any]().WithMaxRetries(attempts-1).WithBackoff(baseDelay, time.Minute).Build()
}

// floor is one atomic load and the call: what no breaker can undercut.
func floor() subject {
	var open atomic.Bool
	ctx := context.Background()
	return subject{name: "floor", call: func() error {
		if open.Load() {
			return errSick
		}
		return succeed(ctx)
	}}
}

func closedBreakers() []subject {
	ctx := context.Background()
	pyfly, sony, eapache := newBreaker(), newGobreaker(), newEapache()
	executor := failsafe.With[any](newFailsafeBreaker())
	return []subject{
		floor(),
		{name: "pyfly", call: func() error { return pyfly.Call(ctx, succeed) }},
		{name: "eapache", call: func() error { return eapache.Run(succeedAlone) }},
		{name: "gobreaker", call: func() error {
			_, err := sony.Execute(func() (struct{}, error) { return struct{}{}, succeed(ctx) })
			return err
		}},
		{name: "failsafe-go", call: func() error { return executor.Run(succeedAlone) }},
	}
}

func openBreakers() []subject {
	ctx := context.Background()
	pyfly, sony, eapache := newBreaker(), newGobreaker(), newEapache()
	failsafeBreaker := newFailsafeBreaker()
	failsafeBreaker.Open()
	executor := failsafe.With[any](failsafeBreaker)
	for range threshold {
		_ = pyfly.Call(ctx, fail)
		_ = eapache.Run(func() error { return errSick })
		_, _ = sony.Execute(func() (struct{}, error) { return struct{}{}, errSick })
	}
	var open atomic.Bool
	open.Store(true)
	epoch := time.Now()
	subjects := []subject{
		{name: "floor", call: func() error {
			if open.Load() {
				return errSick
			}
			return succeed(ctx)
		}},
		{name: "floor and the clock", call: func() error {
			if open.Load() && time.Since(epoch) < recovery {
				return errSick
			}
			return succeed(ctx)
		}},
		{name: "pyfly", call: func() error { return pyfly.Call(ctx, succeed) }},
		{name: "eapache", call: func() error { return eapache.Run(succeedAlone) }},
		{name: "gobreaker", call: func() error {
			_, err := sony.Execute(func() (struct{}, error) { return struct{}{}, succeed(ctx) })
			return err
		}},
		{name: "failsafe-go", call: func() error { return executor.Run(succeedAlone) }},
	}
	for i := range subjects {
		subjects[i].fails = true
	}
	return subjects
}

// retries are calls whose first attempt succeeds.
func retries() []subject {
	ctx := context.Background()
	config := resilience.RetryConfig{MaxAttempts: attempts, BaseDelay: baseDelay}
	pyfly := resilience.NewRetryPolicy(config)
	config.Budget = resilience.NewRetryBudget(resilience.RetryBudgetConfig{})
	budgeted := resilience.NewRetryPolicy(config)
	eapache := retrier.New(retrier.ExponentialBackoff(attempts-1, baseDelay), nil)
	executor := failsafe.With[any](newFailsafeRetry())
	return []subject{
		floor(),
		{name: "pyfly", call: func() error { return pyfly.Execute(ctx, succeed) }},
		{name: "pyfly with budget", call: func() error { return budgeted.Execute(ctx, succeed) }},
		{name: "eapache", call: func() error { return eapache.RunCtx(ctx, succeed) }},
		{name: "sethvargo", call: func() error { return sethvargoRetry(ctx, succeed) }},
		{name: "cenkalti", call: func() error {
			_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, succeed(ctx) }, backoff.WithMaxTries(attempts))
			return err
		}},
		{name: "avast", call: func() error { return avastRetry(ctx, succeedAlone) }},
		{name: "failsafe-go", call: func() error { return executor.Run(succeedAlone) }},
	}
}

func sethvargoRetry(ctx context.Context, fn func(context.Context) error) error {
	return sethvargo.Do(ctx, sethvargo.WithMaxRetries(attempts-1, sethvargo.NewExponential(baseDelay)), fn)
}

func avastRetry(ctx context.Context, fn func() error) error {
	return avast.Do(fn, avast.Context(ctx), avast.Attempts(attempts), avast.Delay(baseDelay))
}

// retriesAndBreakers try again around a closed breaker.
func retriesAndBreakers() []subject {
	ctx := context.Background()
	breaker := newBreaker()
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: attempts, BaseDelay: baseDelay})
	guarded := func(ctx context.Context) error { return breaker.Call(ctx, succeed) }
	eapacheBreaker, eapacheRetrier := newEapache(), retrier.New(retrier.ExponentialBackoff(attempts-1, baseDelay), nil)
	sony := newGobreaker()
	underSony := func() error {
		_, err := sony.Execute(func() (struct{}, error) { return struct{}{}, succeed(ctx) })
		return err
	}
	executor := failsafe.With[any](newFailsafeRetry(), newFailsafeBreaker())
	return []subject{
		floor(),
		{name: "pyfly", call: func() error { return policy.Execute(ctx, guarded) }},
		{name: "eapache", call: func() error {
			return eapacheRetrier.RunCtx(ctx, func(context.Context) error { return eapacheBreaker.Run(succeedAlone) })
		}},
		{name: "gobreaker and sethvargo", call: func() error {
			return sethvargoRetry(ctx, func(context.Context) error { return underSony() })
		}},
		{name: "gobreaker and avast", call: func() error { return avastRetry(ctx, underSony) }},
		{name: "failsafe-go", call: func() error { return executor.Run(succeedAlone) }},
	}
}
