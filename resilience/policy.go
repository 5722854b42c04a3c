// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"sync"
)

// Policy runs a function under some guard. Compose policies with [NewPipeline];
// write your own to compose with them.
type Policy interface {
	// Execute runs fn, never, once or several times, and returns fn's error
	// or the policy's own.
	Execute(ctx context.Context, fn func(context.Context) error) error
}

// Call runs fn under a policy and returns its result. When the error is not
// nil, the result is that of the last run of fn, or the zero value if it never
// ran.
func Call[T any](ctx context.Context, policy Policy, fn func(context.Context) (T, error)) (T, error) {
	var value T
	run := func(ctx context.Context) (err error) {
		value, err = fn(ctx)
		return err
	}
	switch p := policy.(type) { // known types let the compiler keep run off the heap
	case *CircuitBreaker:
		err := p.Call(ctx, run)
		return value, err
	case *RetryPolicy:
		err := p.Execute(ctx, run)
		return value, err
	}
	return callAny(ctx, policy, fn)
}

func callAny[T any](ctx context.Context, policy Policy, fn func(context.Context) (T, error)) (value T, err error) {
	if isConcurrent(policy) {
		return callConcurrently(ctx, policy, fn)
	}
	err = policy.Execute(ctx, func(ctx context.Context) (err error) {
		value, err = fn(ctx)
		return err
	})
	return value, err
}

// callConcurrently takes the result of the first run of fn that succeeds. One
// that still runs when the call has ended changes nothing.
func callConcurrently[T any](ctx context.Context, policy Policy, fn func(context.Context) (T, error)) (T, error) {
	var mu sync.Mutex
	var first, none T
	hasResult := false
	err := policy.Execute(ctx, func(ctx context.Context) error {
		value, err := fn(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && !hasResult {
			first, hasResult = value, true
		}
		return err
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		return none, err
	}
	hasResult = true
	return first, nil
}
