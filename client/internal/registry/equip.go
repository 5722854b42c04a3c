// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/resilience"
)

// Hooks are called when a policy of an operation has done something.
type Hooks struct {
	OnStateChange     func(resilience.StateChange)
	OnSlowCall        func(took time.Duration)
	OnStale           func(age time.Duration, cause error)
	OnHedge           func(attempt int, after time.Duration)
	OnHedgeWon        func(attempt int)
	OnRetry           func(resilience.RetryEvent)
	OnBudgetExhausted func(ctx context.Context, attempt int, err error)
}

// Equip gives an operation the policies that settings ask for.
func (ps *Policies) Equip(op *engine.Operation, s *settings.Settings, hooks Hooks) {
	op.Held, op.Guard = ps.guard(op, s)
	if s.StaleIfError > 0 && op.Verb == "GET" && !op.Streams {
		op.Stale = ps.Stale(op.Method, s.StaleIfError, int64(s.StaleMaxSize), hooks.OnStale)
	}
	ps.addBreaker(op, s, hooks)
	budget := ps.Budget(s.Budget)
	if s.HedgeEnabled && op.IsRepeatable && !op.Streams {
		c := s.Hedge
		c.Budget, c.OnHedge, c.OnHedgeWon, c.IsDefinite = budget, hooks.OnHedge, hooks.OnHedgeWon, op.IsDefinite
		c.OnBudgetExhausted = func(attempt int) { hooks.OnBudgetExhausted(context.Background(), attempt, nil) }
		op.Hedge = resilience.NewHedge(c)
	}
	if s.RetryEnabled {
		c := s.Retry
		c.RetryOn, c.Budget, c.Breaker, c.OnRetry = op.MayRepeat, budget, op.Breaker, hooks.OnRetry
		c.OnBudgetExhausted = func(e resilience.RetryEvent) { hooks.OnBudgetExhausted(e.Context, e.Attempt, e.Err) }
		op.Retry = resilience.NewRetryPolicy(c)
	}
}

// guard returns the policies outside of the total timeout, or nil. A stream holds
// its place in the bulkhead until it is closed.
func (ps *Policies) guard(op *engine.Operation, s *settings.Settings) (held, guard resilience.Policy) {
	key := func(isOwn bool) string {
		if isOwn {
			return op.Method
		}
		return ""
	}
	var policies []resilience.Policy
	if s.BulkheadEnabled {
		bulkhead := ps.Bulkhead(key(s.OwnBulkhead), s.Bulkhead)
		if op.Streams {
			held = bulkhead
		} else {
			policies = append(policies, bulkhead)
		}
	}
	if s.RateLimitEnabled {
		policies = append(policies, ps.RateLimiter(key(s.OwnRateLimit), s.RateLimit))
	}
	if s.AdaptiveEnabled {
		policies = append(policies, ps.Adaptive(key(s.OwnAdaptive), s.Adaptive))
	}
	switch len(policies) {
	case 0:
		return held, nil
	case 1:
		return held, policies[0]
	}
	return held, resilience.NewPipeline(policies...)
}

func (ps *Policies) addBreaker(op *engine.Operation, s *settings.Settings, hooks Hooks) {
	if !s.BreakerEnabled {
		return
	}
	c := s.Breaker
	c.IsFailure, c.OnStateChange, c.OnSlowCall = engine.ServiceFailed, hooks.OnStateChange, hooks.OnSlowCall
	switch s.BreakerScope {
	case settings.ScopeMethod:
		op.Breaker = ps.Breaker(op.Method, c)
	case settings.ScopeHost:
		op.BreakerOf = ps.Hosts(c)
	default:
		op.Breaker = ps.Breaker("", c)
	}
}
