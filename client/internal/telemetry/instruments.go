// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// instruments are the instruments of all clients.
type instruments struct {
	requests    metric.Float64Histogram
	calls       metric.Float64Histogram
	retries     metric.Int64Counter
	exhausted   metric.Int64Counter
	hedges      metric.Int64Counter
	hedgeWins   metric.Int64Counter
	rejections  metric.Int64Counter
	stale       metric.Int64Counter
	slow        metric.Int64Counter
	transitions metric.Int64Counter

	breakers   shownBreakers
	unregister func() error // the callback of the gauges
}

// durationBuckets are the buckets that the semantic conventions recommend.
var durationBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// newInstruments creates the instruments. An instrument that cannot be created
// is reported by the error and replaced by one that does nothing.
func newInstruments(meter metric.Meter, read func() []Gauges) (*instruments, error) {
	m := &maker{meter: meter}
	i := &instruments{
		requests:    m.duration("http.client.request.duration", "Duration of HTTP client requests."),
		calls:       m.duration("pyfly.client.call.duration", "Duration of calls of declared clients, with all their attempts and waits."),
		retries:     m.counter("pyfly.client.retries", "{retry}", "Attempts after a failed one."),
		exhausted:   m.counter("pyfly.client.retry_budget.exhausted", "{retry}", "Retries and hedges that the retry budget has prevented."),
		hedges:      m.counter("pyfly.client.hedges", "{hedge}", "Attempts beside a slow one."),
		hedgeWins:   m.counter("pyfly.client.hedge_wins", "{hedge}", "Hedges that have answered first."),
		rejections:  m.counter("pyfly.client.rejections", "{call}", "Calls that a policy has refused."),
		stale:       m.counter("pyfly.client.stale_answers", "{call}", "Calls that got the last good answer in place of a failure."),
		slow:        m.counter("pyfly.client.slow_calls", "{call}", "Attempts that a circuit breaker takes for slow."),
		transitions: m.counter("pyfly.resilience.circuit_breaker.transitions", "{transition}", "Changes of a circuit breaker to a state."),
		unregister:  func() error { return nil },
	}
	g := &gaugeInstruments{
		active:   m.gauge("pyfly.client.active_calls", "{call}", "Calls of declared clients that are under way."),
		state:    m.gauge("pyfly.resilience.circuit_breaker.state", "{circuit_breaker}", "1 for the state that a circuit breaker is in, 0 for the others."),
		inside:   m.gauge("pyfly.resilience.bulkhead.active", "{call}", "Calls inside a bulkhead."),
		queued:   m.gauge("pyfly.resilience.bulkhead.queued", "{call}", "Calls that wait for a place in a bulkhead."),
		limit:    m.gauge("pyfly.resilience.bulkhead.limit", "{call}", "Calls that may be inside a bulkhead."),
		adaptive: m.gauge("pyfly.resilience.adaptive_limiter.limit", "{call}", "Calls that may be under way, as an adaptive limiter has found out."),
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, of := range read() {
			g.observe(o, &of, &i.breakers)
		}
		return nil
	}, g.made()...)
	if err == nil && registration != nil {
		i.unregister = registration.Unregister
	}
	return i, errors.Join(append(m.errs, err)...)
}

// maker creates instruments, and no-op instruments in place of those that
// cannot be created.
type maker struct {
	meter metric.Meter
	errs  []error
}

func (m *maker) duration(name, description string) metric.Float64Histogram {
	h, err := m.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(durationBuckets...))
	if err != nil || h == nil {
		m.errs = append(m.errs, err)
		return noop.Float64Histogram{}
	}
	return h
}

func (m *maker) counter(name, unit, description string) metric.Int64Counter {
	c, err := m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
	if err != nil || c == nil {
		m.errs = append(m.errs, err)
		return noop.Int64Counter{}
	}
	return c
}

// gauge creates an up-down counter, because its values can be summed over
// clients.
func (m *maker) gauge(name, unit, description string) metric.Int64ObservableUpDownCounter {
	c, err := m.meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
	if err != nil || c == nil {
		m.errs = append(m.errs, err)
		return nil
	}
	return c
}

// gaugeInstruments export [Gauges]. An instrument that could not be created is
// nil.
type gaugeInstruments struct {
	active, state, inside, queued, limit, adaptive metric.Int64ObservableUpDownCounter
}

func (g *gaugeInstruments) made() []metric.Observable {
	var made []metric.Observable
	for _, instrument := range []metric.Int64ObservableUpDownCounter{g.active, g.state, g.inside, g.queued, g.limit, g.adaptive} {
		if instrument != nil {
			made = append(made, instrument)
		}
	}
	return made
}

func (g *gaugeInstruments) observe(o metric.Observer, of *Gauges, shown *shownBreakers) {
	observe := func(instrument metric.Int64ObservableUpDownCounter, value int64, attributes ...attribute.KeyValue) {
		if instrument != nil {
			o.ObserveInt64(instrument, value, metric.WithAttributes(attributes...))
		}
	}
	observe(g.active, of.InFlight, attribute.String("client", of.Client))
	for _, b := range of.Breakers {
		if !shown.admit(of.Client, b.Name) {
			continue
		}
		for _, state := range breakerStates {
			value := int64(0)
			if state == b.State {
				value = 1
			}
			observe(g.state, value, attribute.String("name", b.Name), attribute.String("state", state))
		}
	}
	for _, b := range of.Bulkheads {
		name := attribute.String("name", b.Name)
		observe(g.inside, int64(b.Active), name)
		observe(g.queued, int64(b.Queued), name)
		observe(g.limit, int64(b.Limit), name)
	}
	for _, a := range of.Adaptives {
		observe(g.adaptive, int64(a.Limit), attribute.String("name", a.Name))
	}
}

// Gauges are the values of a client that are read at collection.
type Gauges struct {
	Client    string
	InFlight  int64
	Breakers  []Breaker // ordered by name
	Bulkheads []Bulkhead
	Adaptives []Adaptive
}

// Breaker is the current state of a circuit breaker.
type Breaker struct{ Name, State string }

// Bulkhead is the current state of a bulkhead.
type Bulkhead struct {
	Name                  string
	Active, Queued, Limit int
}

// Adaptive is the current state of an adaptive limiter.
type Adaptive struct {
	Name  string
	Limit int
}

var breakerStates = []string{"closed", "open", "half-open", "forced-open", "disabled"}

// maxShownBreakers is the maximum number of circuit breakers of one client with
// their own attributes. There may be one per host.
const maxShownBreakers = 100

// shownBreakers are the names of circuit breakers that have been used as
// attributes, by client.
type shownBreakers struct {
	mu    sync.Mutex
	names map[string]map[string]bool
}

// admit reports whether a name may be an attribute.
func (s *shownBreakers) admit(client, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = map[string]map[string]bool{}
	}
	names := s.names[client]
	switch {
	case names[name]:
		return true
	case names == nil:
		s.names[client] = map[string]bool{name: true}
	case len(names) >= maxShownBreakers:
		return false
	default:
		names[name] = true
	}
	return true
}

// Changed counts the transition of a circuit breaker of a client to a state.
func (t *Telemetry) Changed(client, breaker, state string) {
	if t == nil || t.instruments == nil {
		return
	}
	if !t.breakers.admit(client, breaker) {
		breaker = Other
	}
	t.transitions.Add(context.Background(), 1, metric.WithAttributes(attribute.String("name", breaker), attribute.String("state", state)))
}

// SlowCall counts an attempt that a circuit breaker counts as slow.
func (t *Telemetry) SlowCall(client string) {
	if t == nil || t.instruments == nil {
		return
	}
	t.slow.Add(context.Background(), 1, metric.WithAttributes(attribute.String("client", client)))
}
