// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// live is a wired client for all its life. Changed settings put another engine
// in the place of the one that runs its calls; what has state stays: circuit
// breakers, budget, limits, counters.
type live struct {
	declaration *Declaration
	defaults    *defaults // nil: none
	processor   *HttpClientBeanPostProcessor
	current     atomic.Pointer[engine]
	counters    counters
	budget      atomic.Pointer[resilience.RetryBudget]

	mu           sync.Mutex                            // guards what follows
	breakers     map[string]*resilience.CircuitBreaker // of the client, "", and of methods
	ofHosts      map[string]*resilience.CircuitBreaker
	bulkheads    map[string]*resilience.Bulkhead
	rateLimiters map[string]*resilience.RateLimiter
	adaptives    map[string]*resilience.AdaptiveLimiter
	stale        map[string]*staleAnswers
	draining     []*engine          // replaced, with calls under way
	callsBefore  int64              // of engines that have drained
	inUse        map[policyKey]bool // by the engine that a reload makes; nil: none is being made
}

type staleAnswers struct {
	*resilience.LastGood[string, *keptAnswer]
	maxAge  time.Duration
	maxSize config.ByteSize
}

func newLive(p *HttpClientBeanPostProcessor, d *Declaration) *live {
	return &live{
		declaration: d, processor: p,
		breakers:     map[string]*resilience.CircuitBreaker{},
		ofHosts:      map[string]*resilience.CircuitBreaker{},
		bulkheads:    map[string]*resilience.Bulkhead{},
		rateLimiters: map[string]*resilience.RateLimiter{},
		adaptives:    map[string]*resilience.AdaptiveLimiter{},
		stale:        map[string]*staleAnswers{},
	}
}

// start prepares the port for calls.
func (l *live) start(ctx context.Context) error { return l.current.Load().start(ctx) }

// stop stops the engine, and those that were replaced and have calls yet. A port
// is stopped when no engine has calls that use it.
func (l *live) stop(ctx context.Context) error {
	engines := l.engines()
	var wg sync.WaitGroup
	for _, e := range engines {
		wg.Go(func() { e.drain(ctx) })
	}
	wg.Wait()
	stopped := map[*int]bool{}
	errs := make([]error, len(engines))
	for i, e := range engines {
		if !stopped[e.portID] {
			stopped[e.portID] = true
			wg.Go(func() { errs[i] = e.stopPort(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// engines are those that have calls, or may have: the current one comes first.
func (l *live) engines() []*engine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*engine{l.current.Load()}, l.draining...)
}

func (l *live) isClosed() bool { return l.current.Load().gate.IsClosed() }

// replace lets another engine run the calls from now on. Those under way end
// where they began. The old port is stopped after the last of them, unless the
// other engine has it.
func (l *live) replace(next *engine) {
	l.mu.Lock()
	old := l.current.Swap(next)
	old.gate.Close()
	l.draining = append(l.draining, old)
	l.mu.Unlock()
	select {
	case <-old.gate.Idle():
		if old.portID == next.portID {
			l.retire(old)
			return
		}
	default:
	}
	l.processor.background.Go(func() {
		select {
		case <-old.gate.Idle():
			l.retire(old)
		case <-old.stopped: // with the client
		}
	})
}

// retire forgets an engine whose last call has ended, and stops its port if no
// other engine has it.
func (l *live) retire(old *engine) {
	if l.forget(old) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
	defer cancel()
	if err := old.stopPort(ctx); err != nil {
		l.processor.log().Warn("a replaced port did not stop well", "client", old.name, "error", err)
	}
}

// forget reports whether another engine has the port of the old one.
func (l *live) forget(old *engine) (portIsUsed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = slices.DeleteFunc(l.draining, func(e *engine) bool { return e == old })
	l.callsBefore += old.gate.Entered()
	return l.current.Load().portID == old.portID || slices.ContainsFunc(l.draining, func(e *engine) bool { return e.portID == old.portID })
}

// reconfigure applies changed settings.
func (l *live) reconfigure(s *settings.Client) error {
	before := l.current.Load()
	l.noteUse()
	next, err := l.processor.newEngine(l, s, before)
	inUse := l.endNoteUse()
	if err != nil {
		return err
	}
	if next.signature != before.signature { // it has a port of its own
		ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
		defer cancel()
		if err := next.start(ctx); err != nil {
			return err
		}
	}
	l.replace(next)
	l.remove(inUse)
	return nil
}

// policyKey names a policy of a client.
type policyKey struct{ kind, key string }

// noteUse begins to note which policies an engine uses that is being made.
func (l *live) noteUse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inUse = map[policyKey]bool{}
}

func (l *live) endNoteUse() map[policyKey]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	inUse := l.inUse
	l.inUse = nil
	return inUse
}

// use notes that the engine that is being made uses a policy. The caller holds the
// lock.
func (l *live) use(kind, key string) {
	if l.inUse != nil {
		l.inUse[policyKey{kind, key}] = true
	}
}

// remove removes the policies that no operation uses any more. Calls that are under
// way keep theirs.
func (l *live) remove(inUse map[policyKey]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	removeUnused(inUse, "circuit-breaker", l.breakers)
	removeUnused(inUse, "bulkhead", l.bulkheads)
	removeUnused(inUse, "rate-limit", l.rateLimiters)
	removeUnused(inUse, "adaptive-limit", l.adaptives)
	removeUnused(inUse, "stale-if-error", l.stale)
	if !inUse[policyKey{settings.ScopeHost, ""}] {
		clear(l.ofHosts)
	}
}

func removeUnused[T any](inUse map[policyKey]bool, kind string, policies map[string]T) {
	maps.DeleteFunc(policies, func(key string, _ T) bool { return !inUse[policyKey{kind, key}] })
}

// allBreakers are the circuit breakers of the client, of its methods and of hosts.
// The caller holds the lock.
func (l *live) allBreakers() []*resilience.CircuitBreaker {
	return slices.AppendSeq(slices.Collect(maps.Values(l.breakers)), maps.Values(l.ofHosts))
}

// kept returns the policy of a key, reconfigured, or a new one if there is none
// or it cannot be.
func kept[T any](l *live, kind string, policies map[string]T, key string, reconfigure func(T) bool, make func() T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.use(kind, key)
	if policy, ok := policies[key]; ok && reconfigure(policy) {
		return policy
	}
	policy := make()
	policies[key] = policy
	return policy
}

// breaker returns the circuit breaker of a key, with the given configuration.
func (l *live) breaker(key string, config resilience.CircuitBreakerConfig) *resilience.CircuitBreaker {
	return l.breakerIn(l.breakers, "circuit-breaker", key, config)
}

func (l *live) breakerIn(breakers map[string]*resilience.CircuitBreaker, kind, key string, config resilience.CircuitBreakerConfig) *resilience.CircuitBreaker {
	config.Name = l.declaration.Name
	if key != "" {
		config.Name += "/" + key
	}
	return kept(l, kind, breakers, key,
		func(b *resilience.CircuitBreaker) bool { return b.Reconfigure(config) == nil },
		func() *resilience.CircuitBreaker { return resilience.NewCircuitBreaker(config) })
}

// breakerOfHost returns the circuit breaker of a host. The settings of the first
// call to it hold until others are applied.
func (l *live) breakerOfHost(host string, config resilience.CircuitBreakerConfig) *resilience.CircuitBreaker {
	l.mu.Lock()
	b := l.ofHosts[host]
	l.mu.Unlock()
	if b != nil {
		return b
	}
	return l.breakerIn(l.ofHosts, settings.ScopeHost, host, config)
}

// reconfigureHosts applies changed settings to the breakers of hosts.
func (l *live) reconfigureHosts(config resilience.CircuitBreakerConfig) {
	l.mu.Lock()
	l.use(settings.ScopeHost, "")
	hosts := slices.Sorted(maps.Keys(l.ofHosts))
	l.mu.Unlock()
	for _, host := range hosts {
		l.breakerIn(l.ofHosts, settings.ScopeHost, host, config)
	}
}

// retryBudget returns the budget of the client.
func (l *live) retryBudget(config resilience.RetryBudgetConfig) *resilience.RetryBudget {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.budget.Load(); b != nil && b.Reconfigure(config) == nil {
		return b
	}
	b := resilience.NewRetryBudget(config)
	l.budget.Store(b)
	return b
}

// guard returns the policies outside of the total timeout, or nil.
// A stream holds its place in the bulkhead until it is closed.
func (l *live) guard(m *Method, s *settings.Settings) (held, guard resilience.Policy) {
	var policies []resilience.Policy
	if s.BulkheadEnabled {
		bulkhead := l.bulkhead(own(m, s.OwnBulkhead), s.Bulkhead)
		if m.streams() {
			held = bulkhead
		} else {
			policies = append(policies, bulkhead)
		}
	}
	if s.RateLimitEnabled {
		policies = append(policies, l.rateLimiter(own(m, s.OwnRateLimit), s.RateLimit))
	}
	if s.AdaptiveEnabled {
		policies = append(policies, l.adaptive(own(m, s.OwnAdaptive), s.Adaptive))
	}
	switch len(policies) {
	case 0:
		return held, nil
	case 1:
		return held, policies[0]
	}
	return held, resilience.NewPipeline(policies...)
}

// own is the key of a policy: "" for the client's.
func own(m *Method, isOwn bool) string {
	if isOwn {
		return m.Name
	}
	return ""
}

func (l *live) name(key string) string {
	if key == "" {
		return l.declaration.Name
	}
	return fmt.Sprintf("%s.%s", l.declaration.Name, key)
}

func (l *live) bulkhead(key string, config resilience.BulkheadConfig) *resilience.Bulkhead {
	config.Name = l.name(key)
	return kept(l, "bulkhead", l.bulkheads, key,
		func(b *resilience.Bulkhead) bool { return b.Reconfigure(config) == nil },
		func() *resilience.Bulkhead { return resilience.NewBulkhead(config) })
}

func (l *live) rateLimiter(key string, config resilience.RateLimiterConfig) *resilience.RateLimiter {
	config.Name = l.name(key)
	return kept(l, "rate-limit", l.rateLimiters, key,
		func(r *resilience.RateLimiter) bool { return r.Reconfigure(config) == nil },
		func() *resilience.RateLimiter { return resilience.NewRateLimiter(config) })
}

func (l *live) adaptive(key string, config resilience.AdaptiveLimiterConfig) *resilience.AdaptiveLimiter {
	config.Name, config.IsOverload = l.name(key), countsAsFailure
	return kept(l, "adaptive-limit", l.adaptives, key,
		func(a *resilience.AdaptiveLimiter) bool { return a.Reconfigure(config) == nil },
		func() *resilience.AdaptiveLimiter { return resilience.NewAdaptiveLimiter(config) })
}

// staleAnswers returns the memory of a method's good answers.
func (l *live) staleAnswers(op *operation, s *settings.Settings) *resilience.LastGood[string, *keptAnswer] {
	if s.StaleIfError == 0 || op.verb != "GET" || op.streams {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.use("stale-if-error", op.method)
	if kept := l.stale[op.method]; kept != nil && kept.maxAge == s.StaleIfError && kept.maxSize == s.StaleMaxSize {
		return kept.LastGood
	}
	kept := &staleAnswers{maxAge: s.StaleIfError, maxSize: s.StaleMaxSize}
	kept.LastGood = resilience.NewLastGood[string, *keptAnswer](resilience.LastGoodConfig{
		MaxAge: s.StaleIfError, MaxBytes: int64(s.StaleMaxSize), Size: keptSize, On: wantsInstead, OnStale: l.onStale(op),
	})
	l.stale[op.method] = kept
	return kept.LastGood
}

// keptSize is about how many bytes an old answer takes, with its key.
func keptSize(key, kept any) int64 {
	const entry = 300 // structs, pointers and the place in a map
	k, size := kept.(*keptAnswer), entry+len(key.(string))
	for name, values := range k.header {
		size += len(name) + len(values)*16
		for _, v := range values {
			size += len(v)
		}
	}
	return int64(size + cap(k.body))
}
