// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

func (d *demo) delays(ctx context.Context) {
	d.title("The delay is doubled each time, up to MaxDelay")
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{
		MaxAttempts: 5,
		BaseDelay:   100 * time.Millisecond,
		MaxDelay:    300 * time.Millisecond,
		OnRetry:     d.onRetry,
	})
	d.order(ctx, policy, &warehouse{errs: []error{errUnavailable, errUnavailable, errUnavailable}})
}

func (d *demo) retryOn(ctx context.Context) {
	d.title("RetryOn says which errors are tried again: the others end the call at once")
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{
		BaseDelay: 50 * time.Millisecond,
		RetryOn:   resilience.Errors(errUnavailable),
		OnRetry:   d.onRetry,
	})
	d.order(ctx, policy, &warehouse{errs: []error{errUnavailable, errSoldOut}})
}

func (d *demo) retryAfter(ctx context.Context) {
	d.title("An error with a RetryAfter method is waited for at least as long as it says")
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{
		BaseDelay: 50 * time.Millisecond,
		OnRetry:   d.onRetry,
	})
	d.order(ctx, policy, &warehouse{errs: []error{busyError{350 * time.Millisecond}, busyError{10 * time.Millisecond}}})
}

func (d *demo) deadline(ctx context.Context) {
	d.title("A delay that would outlast the deadline, here of 400ms, is not slept")
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{
		MaxAttempts: 10,
		BaseDelay:   100 * time.Millisecond,
		OnRetry:     d.onRetry,
	})
	ctx, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
	defer cancel()
	d.order(ctx, policy, &warehouse{errs: []error{errUnavailable, errUnavailable, errUnavailable}})
}

func (d *demo) budget(ctx context.Context) {
	d.title("A budget, here of 0.2 retries for each call, spares a service that is down")
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{
		MaxAttempts: 3,
		BaseDelay:   resilience.NoDelay,
		Budget:      resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: 0.2, MinPerSecond: -1}),
	})
	const calls = 100
	attempts := 0
	for range calls {
		_ = policy.Execute(ctx, func(context.Context) error {
			attempts++
			return errUnavailable
		})
	}
	d.say("%d calls failed in %d attempts; without a budget it would have been %d", calls, attempts, 3*calls)
}
