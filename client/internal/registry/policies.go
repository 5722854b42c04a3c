// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/resilience"
)

// Policies are the policies of a client, each with a key: "" for the client
// itself, others for methods or hosts. A policy exists as long as the settings
// require it, and keeps its state when the settings change. Policies are safe
// for concurrent use.
type Policies struct {
	client string

	mu           sync.Mutex                            // guards the fields below
	budget       *resilience.RetryBudget               // nil if there is none yet
	breakers     map[string]*resilience.CircuitBreaker // of the client and of methods
	ofHosts      hostBreakers
	bulkheads    map[string]*resilience.Bulkhead
	rateLimiters map[string]*resilience.RateLimiter
	adaptives    map[string]*resilience.AdaptiveLimiter
	stale        map[string]*staleResponses
	inUse        map[use]bool // by the engine that is being created; nil if there is none
}

// use identifies a policy.
type use struct{ kind, key string }

// The kinds of policies.
const (
	breakerKind     = "circuit-breaker"
	hostsKind       = "circuit-breaker of hosts"
	bulkheadKind    = "bulkhead"
	rateLimiterKind = "rate-limit"
	adaptiveKind    = "adaptive-limit"
	staleKind       = "stale-if-error"
)

// NewPolicies returns an empty set of policies for the named client.
func NewPolicies(client string) *Policies {
	return &Policies{
		client:       client,
		breakers:     map[string]*resilience.CircuitBreaker{},
		bulkheads:    map[string]*resilience.Bulkhead{},
		rateLimiters: map[string]*resilience.RateLimiter{},
		adaptives:    map[string]*resilience.AdaptiveLimiter{},
		stale:        map[string]*staleResponses{},
	}
}

// Making calls makeEngine, which requests the policies of a new engine, and
// returns a function that removes the policies that it did not request. Running
// calls keep theirs.
func (ps *Policies) Making(makeEngine func() error) (removeOthers func(), err error) {
	ps.mu.Lock()
	ps.inUse = map[use]bool{}
	ps.mu.Unlock()
	err = makeEngine()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	inUse := ps.inUse
	ps.inUse = nil
	return func() { ps.keepOnly(inUse) }, err
}

func (ps *Policies) keepOnly(inUse map[use]bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	keepOnly(inUse, breakerKind, ps.breakers)
	keepOnly(inUse, bulkheadKind, ps.bulkheads)
	keepOnly(inUse, rateLimiterKind, ps.rateLimiters)
	keepOnly(inUse, adaptiveKind, ps.adaptives)
	keepOnly(inUse, staleKind, ps.stale)
	if !inUse[use{hostsKind, ""}] {
		ps.ofHosts.clear()
	}
}

func keepOnly[T any](inUse map[use]bool, kind string, policies map[string]T) {
	maps.DeleteFunc(policies, func(key string, _ T) bool { return !inUse[use{kind, key}] })
}

// use records that the new engine uses a policy. The caller must hold the lock.
func (ps *Policies) use(kind, key string) {
	if ps.inUse != nil {
		ps.inUse[use{kind, key}] = true
	}
}

// policy returns the policy of a key, reconfigured, or a new one if there is
// none or it cannot be reconfigured.
func policy[T any](ps *Policies, kind string, policies map[string]T, key string, reconfigure func(T) error, make func() T) T {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.use(kind, key)
	if p, ok := policies[key]; ok && reconfigure(p) == nil {
		return p
	}
	p := make()
	policies[key] = p
	return p
}

// Breaker returns the circuit breaker of a key, with the given configuration.
func (ps *Policies) Breaker(key string, config resilience.CircuitBreakerConfig) *resilience.CircuitBreaker {
	config.Name = ps.breakerName(key)
	return policy(ps, breakerKind, ps.breakers, key,
		func(b *resilience.CircuitBreaker) error { return b.Reconfigure(config) },
		func() *resilience.CircuitBreaker { return resilience.NewCircuitBreaker(config) })
}

// breakerName returns the name of the circuit breaker of the client, a method
// or a host.
func (ps *Policies) breakerName(key string) string {
	if key == "" {
		return ps.client
	}
	return ps.client + "/" + key
}

// Own returns the circuit breaker of the client, or nil.
func (ps *Policies) Own() *resilience.CircuitBreaker {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.breakers[""]
}

// Budget returns the retry budget of the client.
func (ps *Policies) Budget(config resilience.RetryBudgetConfig) *resilience.RetryBudget {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.budget == nil || ps.budget.Reconfigure(config) != nil {
		ps.budget = resilience.NewRetryBudget(config)
	}
	return ps.budget
}

// Bulkhead returns the bulkhead of a key, with the given configuration.
func (ps *Policies) Bulkhead(key string, config resilience.BulkheadConfig) *resilience.Bulkhead {
	config.Name = ps.name(key)
	return policy(ps, bulkheadKind, ps.bulkheads, key,
		func(b *resilience.Bulkhead) error { return b.Reconfigure(config) },
		func() *resilience.Bulkhead { return resilience.NewBulkhead(config) })
}

// RateLimiter returns the rate limiter of a key, with the given configuration.
func (ps *Policies) RateLimiter(key string, config resilience.RateLimiterConfig) *resilience.RateLimiter {
	config.Name = ps.name(key)
	return policy(ps, rateLimiterKind, ps.rateLimiters, key,
		func(r *resilience.RateLimiter) error { return r.Reconfigure(config) },
		func() *resilience.RateLimiter { return resilience.NewRateLimiter(config) })
}

// Adaptive returns the adaptive limiter of a key, with the given configuration.
func (ps *Policies) Adaptive(key string, config resilience.AdaptiveLimiterConfig) *resilience.AdaptiveLimiter {
	config.Name, config.IsOverload = ps.name(key), engine.ServiceFailed
	return policy(ps, adaptiveKind, ps.adaptives, key,
		func(a *resilience.AdaptiveLimiter) error { return a.Reconfigure(config) },
		func() *resilience.AdaptiveLimiter { return resilience.NewAdaptiveLimiter(config) })
}

func (ps *Policies) name(key string) string {
	if key == "" {
		return ps.client
	}
	return ps.client + "." + key
}

type staleResponses struct {
	*resilience.LastGood[string, *message.Response]
	maxAge, maxBytes int64
}

// Stale returns the store of a method's last good responses.
func (ps *Policies) Stale(method string, maxAge time.Duration, maxBytes int64, onStale func(age time.Duration, cause error)) *resilience.LastGood[string, *message.Response] {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.use(staleKind, method)
	if kept := ps.stale[method]; kept != nil && kept.maxAge == int64(maxAge) && kept.maxBytes == maxBytes {
		return kept.LastGood
	}
	kept := &staleResponses{maxAge: int64(maxAge), maxBytes: maxBytes}
	kept.LastGood = resilience.NewLastGood[string, *message.Response](resilience.LastGoodConfig{
		MaxAge: maxAge, MaxBytes: maxBytes, Size: sizeOf, On: engine.IsUnavailable, OnStale: onStale,
	})
	ps.stale[method] = kept
	return kept.LastGood
}

// sizeOf estimates the size in bytes of a stored response with its key.
func sizeOf(key, kept any) int64 {
	const entry = 300 // structs, pointers and the map entry
	r, size := kept.(*message.Response), entry+len(key.(string))
	for name, values := range r.Header {
		size += len(name) + len(values)*16
		for _, v := range values {
			size += len(v)
		}
	}
	return int64(size + cap(r.Body))
}

// Snapshot lists the policies of a client by name.
type Snapshot struct {
	Breakers  []*resilience.CircuitBreaker // ordered by name
	Bulkhead  *resilience.Bulkhead         // of the client; nil if there is none
	Bulkheads map[string]*resilience.Bulkhead
	Adaptives map[string]*resilience.AdaptiveLimiter
}

// Snapshot returns the current policies.
func (ps *Policies) Snapshot() Snapshot {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	s := Snapshot{Bulkheads: map[string]*resilience.Bulkhead{}, Adaptives: map[string]*resilience.AdaptiveLimiter{}, Bulkhead: ps.bulkheads[""]}
	s.Breakers = slices.AppendSeq(slices.Collect(maps.Values(ps.breakers)), ps.ofHosts.all())
	slices.SortFunc(s.Breakers, func(a, b *resilience.CircuitBreaker) int { return cmp.Compare(a.Name(), b.Name()) })
	for key, b := range ps.bulkheads {
		s.Bulkheads[ps.name(key)] = b
	}
	for key, a := range ps.adaptives {
		s.Adaptives[ps.name(key)] = a
	}
	return s
}
