// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"reflect"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
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

// scopeName is that of the instrumentation, schemaURL the version of the semantic
// conventions that it keeps to.
const (
	scopeName = "github.com/pyfly-go/pyfly/client"
	schemaURL = "https://opentelemetry.io/schemas/1.37.0"
)

// telemetry is what a processor's clients report to. A nil telemetry does
// nothing.
type telemetry struct {
	tracer       trace.Tracer // nil: no spans
	propagator   propagation.TextMapPropagator
	*instruments // nil: no metrics
}

// observe makes the telemetry when the first client is wired. A lock of its own
// is held meanwhile: a provider may have the gauges called, which take the
// processor's.
func (p *HttpClientBeanPostProcessor) observe() *telemetry {
	p.observing.Lock()
	defer p.observing.Unlock()
	if p.telemetry == nil {
		p.telemetry = p.newTelemetry()
	}
	return p.telemetry
}

// unobserve takes the gauges off.
func (p *HttpClientBeanPostProcessor) unobserve() error {
	p.observing.Lock()
	t := p.telemetry
	p.telemetry = nil
	p.observing.Unlock()
	if t == nil || t.instruments == nil {
		return nil
	}
	return t.unregister()
}

func (p *HttpClientBeanPostProcessor) newTelemetry() *telemetry {
	if p.tracers == nil && p.meters == nil {
		return nil
	}
	t := &telemetry{}
	if p.tracers != nil {
		t.trace(p)
	}
	if p.meters == nil {
		return t
	}
	var err error
	t.instruments, err = newInstruments(p.meters.Meter(scopeName, metric.WithSchemaURL(schemaURL)), p.gauges)
	if err != nil {
		p.log().Warn("the meter provider has not made all instruments of clients", "error", err)
	}
	return t
}

func (t *telemetry) trace(p *HttpClientBeanPostProcessor) {
	if t.propagator = p.propagator; t.propagator == nil {
		t.propagator = globalPropagator()
	}
	if _, isNoop := p.tracers.(noop.TracerProvider); !isNoop { // that one would only pass on what is in the context
		t.tracer = p.tracers.Tracer(scopeName, trace.WithSchemaURL(schemaURL))
	}
}

// globalPropagator is the global one. As long as that has not been set, package
// otel has a stand-in, a pointer, for which W3C's formats take the place.
func globalPropagator() propagation.TextMapPropagator {
	global := otel.GetTextMapPropagator()
	if len(global.Fields()) > 0 || !reflect.TypeOf(global).Comparable() {
		return global
	}
	return unsetPropagator{global, propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})}
}

// unsetPropagator is the second until the global one is no longer the first.
type unsetPropagator struct {
	standIn propagation.TextMapPropagator
	propagation.TextMapPropagator
}

// Inject implements [propagation.TextMapPropagator].
func (p unsetPropagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	if global := otel.GetTextMapPropagator(); global != p.standIn {
		global.Inject(ctx, carrier)
		return
	}
	p.TextMapPropagator.Inject(ctx, carrier)
}

// inject puts the context of a trace into the headers of a request.
func (t *telemetry) inject(ctx context.Context, req *http.Request) {
	switch {
	case t == nil || t.propagator == nil:
	case req.URL.Host != "":
		t.propagator.Inject(ctx, foreignCarrier{headerCarrier(req.Header)})
	default:
		t.propagator.Inject(ctx, headerCarrier(req.Header))
	}
}

// headerCarrier is a [propagation.HeaderCarrier] that knows the names of W3C
// without working out how they are written.
type headerCarrier http.Header

// Get implements [propagation.TextMapCarrier].
func (c headerCarrier) Get(name string) string { return http.Header(c).Get(name) }

// Set implements [propagation.TextMapCarrier].
func (c headerCarrier) Set(name, value string) {
	switch name {
	case "traceparent":
		name = "Traceparent"
	case "tracestate":
		name = "Tracestate"
	case "baggage":
		name = "Baggage"
	default:
		name = http.CanonicalHeaderKey(name)
	}
	c[name] = []string{value}
}

// Keys implements [propagation.TextMapCarrier].
func (c headerCarrier) Keys() []string { return propagation.HeaderCarrier(c).Keys() }

// foreignCarrier takes what may be sent to another host than the client's own.
type foreignCarrier struct{ headerCarrier }

// Set implements [propagation.TextMapCarrier].
func (c foreignCarrier) Set(name, value string) {
	if name == "traceparent" || name == "tracestate" {
		c.headerCarrier.Set(name, value)
	}
}
