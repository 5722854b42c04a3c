// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/random"
)

// Config configures a [Balancer].
type Config struct {
	// Service is the name of the service, for errors.
	Service          string
	LoadBalancing    LoadBalancingConfig
	OutlierDetection OutlierDetectionConfig
	// Cause is asked why there are no instances. It may be nil, and return nil.
	Cause func() error
	// Gone is told of the address of an instance that has left and has no more
	// requests in flight: connections to it can be closed. A pick that is under
	// way while an instance leaves may have it told again. It may be nil.
	Gone func(address string)
}

// Balancer chooses among the instances of a service. It is safe for concurrent use.
type Balancer struct {
	service atomic.Pointer[string]
	cause   func() error
	gone    func(address string)
	epoch   time.Time     // from which its clock counts
	ready   chan struct{} // closed by the first update
	current atomic.Pointer[set]

	_    [64]byte
	turn atomic.Uint64 // of round-robin
	_    [64]byte

	mu            sync.Mutex
	loadBalancing LoadBalancingConfig
	outliers      OutlierDetectionConfig
	members       map[string]*member // those of the set, and some that have left it
	present       []entry            // the set
	updates       int
}

// New makes a balancer that has no instances yet. If config is not valid, the error is
// that of its Validate methods.
func New(config Config) (*Balancer, error) {
	b := &Balancer{
		cause: config.Cause, gone: config.Gone,
		// The clock begins at 1: 0 is no time.
		epoch: time.Now().Add(-1), ready: make(chan struct{}), members: map[string]*member{},
	}
	b.Rename(config.Service)
	if b.gone == nil {
		b.gone = func(string) {}
	}
	b.turn.Store(bits(nil)) // clients do not all begin with the same instance
	return b, b.Reconfigure(config.LoadBalancing, config.OutlierDetection)
}

// Rename says that the instances are those of another service from now on.
func (b *Balancer) Rename(service string) { b.service.Store(&service) }

// Reconfigure changes the settings. What is known of the instances stays, ejections
// included, unless instances are no longer ejected. If the settings are not valid, the
// error says so and nothing changes.
func (b *Balancer) Reconfigure(loadBalancing LoadBalancingConfig, outliers OutlierDetectionConfig) error {
	if err := errors.Join(loadBalancing.Validate(), outliers.Validate()); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loadBalancing, b.outliers = loadBalancing.WithDefaults(), outliers.WithDefaults()
	if b.current.Load() != nil {
		b.makeSet(b.now())
	}
	return nil
}

// PickInfo is what a pick is to consider. The zero value is nothing.
type PickInfo struct {
	// Tried is the instances that the call has gone to. Another one is chosen, if
	// there is one, and added. It may be nil.
	Tried *Tried
	// At is the time. The zero time means now; the clock is read only if it matters.
	At time.Time
	// Random is where random numbers come from. nil means math/rand/v2.
	Random random.Source
}

// Pick chooses an instance. Before the first [Balancer.Update] it waits until ctx is
// done. If there are no instances, the error is a [*NoInstancesError].
func (b *Balancer) Pick(ctx context.Context, info PickInfo) (Picked, error) {
	s := b.current.Load()
	if s == nil {
		if err := b.Wait(ctx); err != nil {
			return Picked{}, err
		}
		s = b.current.Load()
	}
	if s.returnsAt != never {
		s = b.withReturned(s, info.At)
	}
	if len(s.entries) == 0 {
		return Picked{}, b.noInstances(nil)
	}
	if info.Tried != nil {
		info.Tried.mu.Lock()
		defer info.Tried.mu.Unlock()
	}
	e, isRetried := s.choose(info.Random, info.Tried)
	e.enter()
	if info.Tried != nil {
		info.Tried.add(e.address)
	}
	return Picked{balancer: b, member: e.member, instance: e.instance, era: e.health.era(), isRetried: isRetried}, nil
}

// IsReady reports whether there has been a [Balancer.Update], so that a pick does not
// wait.
func (b *Balancer) IsReady() bool { return b.current.Load() != nil }

// HasOther reports whether there is an instance in use that is none of those tried.
// tried may be nil.
func (b *Balancer) HasOther(tried *Tried) bool {
	s := b.current.Load()
	if s == nil || tried == nil {
		return s != nil && len(s.entries) > 0
	}
	tried.mu.Lock()
	defer tried.mu.Unlock()
	for i := range s.entries {
		if !tried.has(s.entries[i].address) {
			return true
		}
	}
	return false
}

// Wait waits for the first [Balancer.Update]. If the deadline of ctx passes before, or
// its cause is a context.DeadlineExceeded, the error is a [*NoInstancesError]; if ctx is
// cancelled, its error.
func (b *Balancer) Wait(ctx context.Context) error {
	select {
	case <-b.ready:
		return nil
	default:
	}
	select {
	case <-b.ready:
		return nil
	case <-ctx.Done():
	}
	for _, err := range []error{context.Cause(ctx), ctx.Err()} {
		if errors.Is(err, context.DeadlineExceeded) {
			return b.noInstances(err)
		}
	}
	return ctx.Err()
}

func (b *Balancer) now() time.Duration { return time.Since(b.epoch) }

// clock turns a time into one of the balancer's clock.
func (b *Balancer) clock(at time.Time) time.Duration {
	if at.IsZero() {
		return b.now()
	}
	return at.Sub(b.epoch)
}

// withReturned returns the current set, made anew if an ejection has ended.
func (b *Balancer) withReturned(s *set, at time.Time) *set {
	now := b.clock(at)
	if now < s.returnsAt {
		return s
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s = b.current.Load(); now >= s.returnsAt {
		s = b.makeSet(now)
	}
	return s
}

// report takes in an outcome.
func (b *Balancer) report(p *Picked, o *Outcome) (isOfService bool) {
	m := p.member
	if p.isRetried {
		m.latency.retried(o.Latency, o.Result == Success)
	} else {
		m.latency.observe(o.Latency, o.Result == Success)
	}
	switch o.Result {
	case Success:
		now := b.clock(o.At)
		if now > time.Duration(m.lastSuccess.Load()) {
			m.lastSuccess.Store(int64(now))
		}
		if m.health.succeed(p.era) {
			b.recovered(m, p.era, now)
		}
		return true
	case Failure:
		isOfService = !b.othersWork(m)
		if s := b.current.Load(); m.health.fail(p.era, s.settings.ConsecutiveFailures) && !s.settings.Disabled {
			b.beginFailing(m, p.era, b.clock(o.At), o.Reason)
		}
	}
	return isOfService
}

// othersWork reports whether an instance that is not failing has succeeded since the
// last success of m.
func (b *Balancer) othersWork(m *member) bool {
	last := m.lastSuccess.Load()
	s := b.current.Load()
	for i := range s.entries {
		if e := &s.entries[i]; e.member != m && e.lastSuccess.Load() > last && !e.health.isFailing() {
			return true
		}
	}
	return false
}

func (b *Balancer) beginFailing(m *member, era uint32, now time.Duration, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.health.era() != era || b.outliers.Disabled {
		return
	}
	m.beginFailing(now, shortened(reason), &b.outliers)
	b.makeSet(now)
}

// recovered ends the failing of an instance that stayed in use and has succeeded.
func (b *Balancer) recovered(m *member, era uint32, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.health.era() == era && m.health.isFailing() {
		m.comeBack(now, true, &b.outliers)
		b.makeSet(now)
	}
}

// Update sets the instances. Their addresses are different ones, in their normal form.
// It copies the slice, not what the instances refer to, which must not change.
func (b *Balancer) Update(instances []discovery.Instance) {
	for _, address := range b.update(instances) {
		b.gone(address)
	}
}

// makeSet makes the set that picks use. The caller holds the lock.
func (b *Balancer) makeSet(now time.Duration) *set {
	returnsAt := never
	failing := 0
	for i := range b.present {
		m := b.present[i].member
		if !m.health.isFailing() {
			continue
		}
		if b.outliers.Disabled || m.ejection.until <= now {
			m.comeBack(now, b.outliers.Disabled, &b.outliers)
			continue
		}
		failing++
		returnsAt = min(returnsAt, m.ejection.until)
	}
	s := &set{policy: b.loadBalancing.Policy, turn: &b.turn, settings: b.outliers, returnsAt: returnsAt}
	s.entries = b.present
	if failing > 0 && failing <= b.outliers.mostEjected(len(b.present)) {
		s.entries = make([]entry, 0, len(b.present)-failing)
		for _, e := range b.present {
			if !e.health.isFailing() {
				s.entries = append(s.entries, e)
			}
		}
	}
	if s.policy == RoundRobin {
		s.schedule = newSchedule(s.entries)
	} else {
		s.table = newTable(s.entries)
	}
	for i := range b.present {
		b.present[i].counted = b.present[i].total()
	}
	b.current.Store(s)
	return s
}

// shortened keeps text of unknown length from being kept.
func shortened(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
