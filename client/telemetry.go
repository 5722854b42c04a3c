// SPDX-License-Identifier: Apache-2.0

package client

import (
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/telemetry"
)

// WithTelemetry traces and measures calls through OpenTelemetry. nil stands for
// the global provider (package otel). Beans of type trace.TracerProvider and
// metric.MeterProvider do the same without this option. Neither the SDK nor an
// exporter is a dependency of this module: whoever gives the providers brings
// them, and shuts them down. docs/telemetry.md says more.
//
// Each call has a span, "payment-client.Charge", and if that is recorded, each
// attempt has one below it, of kind client, "POST /payments/{id}", by the
// semantic conventions of HTTP (stable since 1.23). Its context is sent along,
// see [WithPropagator]. Redirects are part of their attempt. A span ends when the
// answer has been read; that of a method that streams, with the headers.
//
// Instruments have attributes of bounded cardinality only: names that have been
// declared or set, templates in place of paths, statuses, words for errors.
//
//	http.client.request.duration               s                  attempts: those of the conventions, url.template
//	pyfly.client.call.duration                 s                  calls, with all attempts and waits: client, method, error.type
//	pyfly.client.active_calls                  {call}             calls under way: client
//	pyfly.client.retries                       {retry}            attempts after a failed one: client, method
//	pyfly.client.retry_budget.exhausted        {retry}            retries and hedges that the budget prevented: client, method
//	pyfly.client.hedges                        {hedge}            attempts beside a slow one: client, method
//	pyfly.client.hedge_wins                    {hedge}            those that answered first: client, method
//	pyfly.client.rejections                    {call}             calls that a policy refused: client, method, reason
//	pyfly.client.stale_answers                 {call}             calls that got an old answer: client, method
//	pyfly.client.slow_calls                    {call}             attempts that a circuit breaker takes for slow: client
//	pyfly.resilience.circuit_breaker.state     {circuit_breaker}  1 for the state that it is in, 0 for the others: name, state
//	pyfly.resilience.circuit_breaker.transitions {transition}     changes of state: name, state (the new one)
//	pyfly.resilience.bulkhead.active           {call}             calls inside: name
//	pyfly.resilience.bulkhead.queued           {call}             calls that wait for a place: name
//	pyfly.resilience.bulkhead.limit            {call}             calls that may be inside: name
//	pyfly.resilience.adaptive_limiter.limit    {call}             calls that may be under way, as found out: name
//
// An instrument that the provider cannot make is logged, and does without.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	if tracers == nil {
		tracers = otel.GetTracerProvider()
	}
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	return func(p *HttpClientBeanPostProcessor) { p.tracers, p.meters = tracers, meters }
}

// WithPropagator sends the context of traces in the propagator's headers. Without
// it, or if it is nil, that is the global one (package otel), and as long as none
// is set there, W3C's trace context and baggage. One without fields,
// propagation.NewCompositeTextMapPropagator(), sends nothing.
//
// To hosts of the setting allowed-hosts only the trace context of W3C is sent:
// baggage may say what is meant for the client's own service.
func WithPropagator(propagator propagation.TextMapPropagator) Option {
	return func(p *HttpClientBeanPostProcessor) { p.propagator = propagator }
}

// observe makes the telemetry when the first client is wired. A lock of its own
// is held meanwhile: a provider may have the gauges called, which take the
// processor's.
func (p *HttpClientBeanPostProcessor) observe() *telemetry.Telemetry {
	if p.tracers == nil && p.meters == nil {
		return nil
	}
	p.observing.Lock()
	defer p.observing.Unlock()
	if p.telemetry != nil {
		return p.telemetry
	}
	t, err := telemetry.New(telemetry.Config{Tracers: p.tracers, Meters: p.meters, Propagator: p.propagator, Gauges: p.gauges})
	if err != nil {
		p.log().Warn("the meter provider has not made all instruments of clients", "error", err)
	}
	p.telemetry = t
	return t
}

// unobserve takes the gauges off.
func (p *HttpClientBeanPostProcessor) unobserve() error {
	p.observing.Lock()
	t := p.telemetry
	p.telemetry = nil
	p.observing.Unlock()
	return t.Close()
}

// gauges are those of all clients.
func (p *HttpClientBeanPostProcessor) gauges() []telemetry.Gauges {
	p.mu.Lock()
	clients := slices.Clone(p.clients)
	p.mu.Unlock()
	all := make([]telemetry.Gauges, len(clients))
	for i, l := range clients {
		all[i] = l.gauges()
	}
	return all
}

func (l *live) gauges() telemetry.Gauges {
	policies := l.policies.Snapshot()
	of := telemetry.Gauges{Client: l.declaration.Name}
	_, of.InFlight = l.engines.Count()
	for _, b := range policies.Breakers {
		of.Breakers = append(of.Breakers, telemetry.Breaker{Name: b.Name(), State: b.State().String()})
	}
	for name, b := range policies.Bulkheads {
		s := b.Snapshot()
		of.Bulkheads = append(of.Bulkheads, telemetry.Bulkhead{Name: name, Active: s.Active, Queued: s.Waiting, Limit: s.MaxConcurrent})
	}
	for name, a := range policies.Adaptives {
		of.Adaptives = append(of.Adaptives, telemetry.Adaptive{Name: name, Limit: a.Limit()})
	}
	return of
}
