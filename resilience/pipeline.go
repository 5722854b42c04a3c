// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"reflect"
)

// Pipeline combines policies, from the outermost to the innermost: the first runs the
// second, and so on; the last runs the function. Declared clients use this order;
// each policy is optional:
//
//	bulkhead, rate limit -> total timeout -> retry -> hedge -> circuit breaker -> attempt timeout
//
// The calls of a pipeline share no state, whatever its policies do with their
// function. A pipeline of this package's policies, except for [Hedge], costs hardly
// more than nested calls and allocates nothing; with any other policy, it allocates
// a function for each policy and call. Pipeline is safe for concurrent use.
type Pipeline struct {
	policies []Policy // no nil and no pipeline
	order    order
	runner   runner
}

// NewPipeline returns a pipeline of policies, from the outermost to the innermost. It
// ignores policies that are nil or nil pointers to a type of this package.
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

// anyPolicies are policies that may keep the function that they run, so each call
// creates new functions.
type anyPolicies []Policy

func (p anyPolicies) run(ctx context.Context, fn func(context.Context) error) error {
	for i := len(p) - 1; i > 0; i-- {
		policy, inner := p[i], fn
		fn = func(ctx context.Context) error { return policy.Execute(ctx, inner) }
	}
	return p[0].Execute(ctx, fn)
}

// step is a sequential policy around the next ones. It calls the methods of concrete
// types, so that the compiler can prove that functions do not escape, and places
// them on the stack.
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
