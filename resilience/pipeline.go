// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"reflect"
)

// Pipeline is several policies as one, from the outside in: the first runs the
// second, and so on to the call. This is the order that declared clients use,
// each of which may be left out:
//
//	bulkhead, rate limit -> total timeout -> retry -> hedge -> circuit breaker -> attempt timeout
//
// Its calls share no state, whatever its policies do with the function that they
// are given. Made of this package's policies, but for [Hedge], it allocates
// nothing of its own; with any other policy in it, it allocates a function for
// each policy and call. It is safe for concurrent use.
type Pipeline struct {
	policies []Policy // no nil and no pipeline
	order    order
	runner   runner
}

// NewPipeline returns a pipeline. A policy that is nil, or a nil pointer to a
// policy of this package, is left out. The policies of a pipeline among them take
// its place.
func NewPipeline(policies ...Policy) *Pipeline {
	p := &Pipeline{}
	for _, policy := range policies {
		if isNil(policy) {
			continue
		}
		p.order = max(p.order, orderOf(policy))
		if inner, ok := policy.(*Pipeline); ok {
			p.policies = append(p.policies, inner.policies...)
		} else {
			p.policies = append(p.policies, policy)
		}
	}
	p.runner = newRunner(p.policies, p.order)
	return p
}

func isNil(policy Policy) bool {
	if policy == nil {
		return true
	}
	v := reflect.ValueOf(policy)
	return v.Kind() == reflect.Pointer && v.IsNil() && v.Type().Elem().PkgPath() == reflect.TypeFor[Pipeline]().PkgPath()
}

// Execute runs fn under all policies.
func (p *Pipeline) Execute(ctx context.Context, fn func(context.Context) error) error {
	return p.runner.run(ctx, fn)
}

// runner runs a function under the policies of a pipeline.
type runner interface {
	run(ctx context.Context, fn func(context.Context) error) error
}

func newRunner(policies []Policy, order order) runner {
	switch {
	case len(policies) == 0:
		return noPolicy{}
	case order != sequentialOrder:
		return anyPolicies(policies)
	}
	var s *step
	for i := len(policies) - 1; i >= 0; i-- {
		s = newStep(policies[i], s)
	}
	return s
}

type noPolicy struct{}

func (noPolicy) run(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

// anyPolicies may keep the functions that they are given, so each call makes its
// own.
type anyPolicies []Policy

func (p anyPolicies) run(ctx context.Context, fn func(context.Context) error) error {
	for i := len(p) - 1; i > 0; i-- {
		policy, inner := p[i], fn
		fn = func(ctx context.Context) error { return policy.Execute(ctx, inner) }
	}
	return p[0].Execute(ctx, fn)
}

// step is a policy that is known to be sequential, around others. The compiler sees
// which functions the policies are given and that none of them is kept, so it
// allocates none.
type step struct {
	retry   *RetryPolicy    // or
	breaker *CircuitBreaker // or
	other   Policy
	next    *step // nil: it is the innermost
}

func newStep(policy Policy, next *step) *step {
	s := &step{next: next}
	switch p := policy.(type) {
	case *RetryPolicy:
		s.retry = p
	case *CircuitBreaker:
		s.breaker = p
	default:
		s.other = p
	}
	return s
}

func (s *step) run(ctx context.Context, fn func(context.Context) error) error {
	inner := fn
	if next := s.next; next != nil {
		inner = func(ctx context.Context) error {
			if next.breaker != nil && next.next == nil { // spares a call
				return next.breaker.Call(ctx, fn)
			}
			return next.run(ctx, fn)
		}
	}
	if s.retry != nil {
		return s.retry.Execute(ctx, inner)
	}
	if s.breaker != nil {
		return s.breaker.Call(ctx, inner)
	}
	switch p := s.other.(type) {
	case *Timeout:
		return p.Execute(ctx, inner)
	case *Bulkhead:
		return p.Execute(ctx, inner)
	case *RateLimiter:
		return p.Execute(ctx, inner)
	case *AdaptiveLimiter:
		return p.Execute(ctx, inner)
	case *Fallback:
		return p.Execute(ctx, inner)
	}
	panic("resilience: orderOf knows a policy that step does not")
}
