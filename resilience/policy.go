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
	// or the policy's own. It may run fn on several goroutines at a time, keep
	// fn, and run it after Execute has returned.
	Execute(ctx context.Context, fn func(context.Context) error) error
}

// order says how a policy runs its function.
type order uint8

const (
	// sequentialOrder: one run after the other, and none goes on or begins after
	// Execute has returned.
	sequentialOrder order = iota
	// unknownOrder: the policy is not of this package.
	unknownOrder
	// hedgedOrder: several at a time, some of which may outlast Execute.
	hedgedOrder
)

// orderOf knows the types of this package only. It asks for the type itself, not
// for a method: a type that embeds one of these has its methods, and may run its
// function in another order.
func orderOf(policy Policy) order {
	switch p := policy.(type) {
	case *AdaptiveLimiter, *Bulkhead, *CircuitBreaker, *Fallback, *RateLimiter, *RetryPolicy, *Timeout:
		return sequentialOrder
	case *Hedge:
		return hedgedOrder
	case *Pipeline:
		return p.order
	}
	return unknownOrder
}

// Call runs fn under a policy and returns its result.
//
// When the error is nil, the result is that of the last run of fn that has
// succeeded; of several that have run at the same time, of the first of them to
// succeed. When the error is not nil, the result is that of the last run of fn
// that has ended, or the zero value if none has; it is always the zero value if
// the policy is a [Hedge] or has one in it. A run that ends after the policy has
// returned changes nothing.
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
	case *Pipeline:
		if s, ok := p.runner.(*step); ok {
			err := s.run(ctx, run)
			return value, err
		}
	}
	return callAny(ctx, policy, fn)
}

func callAny[T any](ctx context.Context, policy Policy, fn func(context.Context) (T, error)) (value T, err error) {
	if order := orderOf(policy); order != sequentialOrder {
		r := &results[T]{keepsFailed: order != hedgedOrder}
		err = policy.Execute(ctx, func(ctx context.Context) error { return r.run(ctx, fn) })
		return r.end(err), err
	}
	err = policy.Execute(ctx, func(ctx context.Context) (err error) {
		value, err = fn(ctx)
		return err
	})
	return value, err
}

// results are those of the runs of one call, which may overlap and outlast it.
type results[T any] struct {
	keepsFailed bool // the result of a run that has failed

	mu        sync.Mutex
	last      T   // of the runs that have ended
	best      T   // what succeeded
	successes int // that have been the best
	isOver    bool
}

func (r *results[T]) run(ctx context.Context, fn func(context.Context) (T, error)) error {
	r.mu.Lock()
	before := r.successes
	r.mu.Unlock()
	value, err := fn(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isOver {
		return err
	}
	if err == nil && r.successes == before { // none has succeeded since this run began
		r.best = value
		r.successes++
	}
	if r.keepsFailed {
		r.last = value
	}
	return err
}

// end returns the result of a call whose policy has returned an error or nil.
func (r *results[T]) end(err error) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isOver = true
	if err == nil && r.successes > 0 {
		return r.best
	}
	return r.last
}
