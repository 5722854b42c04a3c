// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"sync"
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
	policies []Policy
	order    order
	runs     sync.Pool // of *pipelineRun, if the policies are sequential
}

// NewPipeline makes a pipeline. A nil policy is left out.
func NewPipeline(policies ...Policy) *Pipeline {
	p := &Pipeline{}
	for _, policy := range policies {
		if policy == nil {
			continue
		}
		p.policies = append(p.policies, policy)
		p.order = max(p.order, orderOf(policy))
	}
	p.runs.New = func() any { return newPipelineRun(p.policies) }
	return p
}

// Execute runs fn under all policies.
func (p *Pipeline) Execute(ctx context.Context, fn func(context.Context) error) error {
	if p.order != sequentialOrder { // a policy may hold the run when the call has ended
		run := newPipelineRun(p.policies)
		run.fn = fn
		return run.steps[0](ctx)
	}
	run := p.runs.Get().(*pipelineRun)
	run.fn = fn
	defer func() {
		run.fn = nil
		p.runs.Put(run)
	}()
	return run.steps[0](ctx)
}

// pipelineRun holds the steps of a call, each of which runs the next under its
// policy. One call owns it at a time.
type pipelineRun struct {
	steps []func(context.Context) error
	fn    func(context.Context) error
}

func newPipelineRun(policies []Policy) *pipelineRun {
	r := &pipelineRun{steps: make([]func(context.Context) error, len(policies)+1)}
	r.steps[len(policies)] = func(ctx context.Context) error { return r.fn(ctx) }
	for i, policy := range policies {
		r.steps[i] = func(ctx context.Context) error { return policy.Execute(ctx, r.steps[i+1]) }
	}
	return r
}
