// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"sync"
)

// Policy runs a function and controls whether, when and how often it runs.
// [NewPipeline] combines policies, including those that you write.
type Policy interface {
	// Execute runs fn any number of times, or not at all, and returns fn's error or
	// one of its own. It may run fn on several goroutines at the same time, and
	// after Execute has returned.
	Execute(ctx context.Context, fn func(context.Context) error) error
}

// order is how a policy runs its function.
type order uint8

const (
	// sequentialOrder: one run after the other, all of which end before Execute
	// returns.
	sequentialOrder order = iota
	// unknownOrder: the policy is not of this package.
	unknownOrder
	// hedgedOrder: several runs at the same time, some of which may end after
	// Execute has returned.
	hedgedOrder
)

// orderOf returns the order of a policy. It checks the type, not a method: a type that
// embeds a policy of this package has its methods, but may run its function in
// another order.
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
// If the error is nil, the result is that of the last run of fn that succeeded. If
// several runs overlapped, it is the result of the first of them that succeeded. If
// the error is not nil, the result is that of the last run of fn that ended, or the
// zero value if none did; if the policy is a [Hedge] or contains one, it is always
// the zero value. Runs that end after the policy has returned have no effect.
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

// results holds the results of the runs of one call, which may overlap and may end
// after it.
type results[T any] struct {
	keepsFailed bool // keep the results of runs that failed

	mu        sync.Mutex
	last      T   // of the last run that ended
	best      T   // of the run that determines the result
	successes int // number of times that best was set
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
