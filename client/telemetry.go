// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// WithTelemetry traces and measures calls through OpenTelemetry. nil stands for
// the global provider (package otel), and the propagator is the global one.
// Beans of type trace.TracerProvider and metric.MeterProvider do the same
// without this option.
//
// Each call has a span, and each attempt one below it, of kind client and by the
// semantic conventions of HTTP; the trace's context is sent along. Spans and
// instruments have attributes of bounded cardinality only: paths are templates.
//
//	http.client.request.duration            s          attempts, until the headers of the answer
//	pyfly.client.call.duration              s          calls with all their attempts: client, method, error.type
//	pyfly.client.retries                    {retry}    client, method
//	pyfly.client.hedges                     {hedge}    client, method
//	pyfly.client.rejections                 {call}     client, method, reason
//	pyfly.client.retry_budget.exhausted     {retry}    client, method
//	pyfly.resilience.circuit_breaker.state  1          name, state: 1 for the one that it is in, 0 for the others
//	pyfly.resilience.bulkhead.active        {call}     name
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	if tracers == nil {
		tracers = otel.GetTracerProvider()
	}
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	return func(p *HttpClientBeanPostProcessor) { p.tracers, p.meters = tracers, meters }
}

// scopeName is that of the instrumentation.
const scopeName = "github.com/pyfly-go/pyfly/client"

// telemetry is what a processor's clients report to. A nil telemetry does
// nothing.
type telemetry struct {
	tracer     trace.Tracer // nil: no spans
	propagator propagation.TextMapPropagator

	requests   metric.Float64Histogram // nil: no metrics, nor the others
	calls      metric.Float64Histogram
	retries    metric.Int64Counter
	hedges     metric.Int64Counter
	rejections metric.Int64Counter
	exhausted  metric.Int64Counter

	unregister func() error // the callback of the gauges
}

// durationBuckets are those that the semantic conventions advise.
var durationBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// newTelemetry makes the instruments; stats are what the gauges show.
func newTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider, stats func() []ClientStats) (*telemetry, error) {
	if tracers == nil && meters == nil {
		return nil, nil
	}
	t := &telemetry{propagator: otel.GetTextMapPropagator(), unregister: func() error { return nil }}
	if tracers != nil {
		t.tracer = tracers.Tracer(scopeName)
	}
	if meters == nil {
		return t, nil
	}
	return t, t.instrument(meters.Meter(scopeName), stats)
}

func (t *telemetry) instrument(meter metric.Meter, stats func() []ClientStats) error {
	var errs []error
	histogram := func(name, description string) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(durationBuckets...))
		errs = append(errs, err)
		return h
	}
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	t.requests = histogram("http.client.request.duration", "Duration of HTTP client requests.")
	t.calls = histogram("pyfly.client.call.duration", "Duration of calls of declared clients, with all their attempts.")
	t.retries = counter("pyfly.client.retries", "{retry}", "Attempts after the first.")
	t.hedges = counter("pyfly.client.hedges", "{hedge}", "Attempts beside a slow one.")
	t.rejections = counter("pyfly.client.rejections", "{call}", "Calls that a policy has refused.")
	t.exhausted = counter("pyfly.client.retry_budget.exhausted", "{retry}", "Retries that the budget has prevented.")
	state, err := meter.Int64ObservableGauge("pyfly.resilience.circuit_breaker.state", metric.WithUnit("1"), metric.WithDescription("1 for the state that a circuit breaker is in, 0 for the others."))
	errs = append(errs, err)
	active, err := meter.Int64ObservableGauge("pyfly.resilience.bulkhead.active", metric.WithUnit("{call}"), metric.WithDescription("Calls inside a bulkhead."))
	errs = append(errs, err)
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, s := range stats() {
			observe(o, state, active, &s)
		}
		return nil
	}, state, active)
	if err == nil {
		t.unregister = registration.Unregister
	}
	return errors.Join(append(errs, err)...)
}

var breakerStates = []resilience.CircuitState{
	resilience.StateClosed, resilience.StateOpen, resilience.StateHalfOpen, resilience.StateForcedOpen, resilience.StateDisabled,
}

func observe(o metric.Observer, state, active metric.Int64Observable, s *ClientStats) {
	for _, b := range s.CircuitBreakers {
		for _, candidate := range breakerStates {
			value := int64(0)
			if b.State == candidate {
				value = 1
			}
			o.ObserveInt64(state, value, metric.WithAttributes(attribute.String("name", b.Name), attribute.String("state", candidate.String())))
		}
	}
	if s.Bulkhead != nil {
		o.ObserveInt64(active, int64(s.Bulkhead.Active), metric.WithAttributes(attribute.String("name", s.Client)))
	}
}

// close takes the gauges off.
func (t *telemetry) close() error {
	if t == nil {
		return nil
	}
	return t.unregister()
}

// callSpan is a call that is observed.
type callSpan struct {
	telemetry *telemetry
	op        *operation
	begun     time.Time
	span      trace.Span
}

// begin begins the span of a call.
func (t *telemetry) begin(ctx context.Context, op *operation) (context.Context, callSpan) {
	s := callSpan{telemetry: t, op: op, begun: time.Now()}
	if t.tracer != nil {
		ctx, s.span = t.tracer.Start(ctx, op.client+"."+op.method, trace.WithAttributes(op.attributes...))
	}
	return ctx, s
}

// end ends the span of a call, and counts the call.
func (s *callSpan) end(ctx context.Context, err error) {
	t := s.telemetry
	kind := errorKind(err)
	if s.span != nil {
		if err != nil {
			s.span.SetAttributes(attribute.String("error.type", kind))
			s.span.SetStatus(codes.Error, err.Error())
		}
		s.span.End()
	}
	if t.requests == nil {
		return
	}
	attributes := s.op.attributes
	if err != nil {
		attributes = append(attributes[:len(attributes):len(attributes)], attribute.String("error.type", kind))
	}
	t.calls.Record(ctx, time.Since(s.begun).Seconds(), metric.WithAttributes(attributes...))
	if reason := rejection(err); reason != "" {
		t.rejections.Add(ctx, 1, metric.WithAttributes(append(s.op.attributes[:len(s.op.attributes):len(s.op.attributes)], attribute.String("reason", reason))...))
	}
}

// rejection says which policy has refused a call, or "".
func rejection(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, kernel.ErrCircuitOpen):
		return "circuit_open"
	case errors.Is(err, resilience.ErrBulkheadFull):
		return "bulkhead_full"
	case errors.Is(err, resilience.ErrRateLimitReached):
		return "rate_limit"
	}
	return ""
}

// errorKind is a word for an error: the status, or what kind it is.
func errorKind(err error) string {
	var e *Error
	switch reason := rejection(err); {
	case err == nil:
		return ""
	case reason != "":
		return reason
	case errors.As(err, &e) && e.Status != 0 && e.Err == nil:
		return strconv.Itoa(e.Status)
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, ErrDecode):
		return "decode"
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	case errors.Is(err, ErrInvalidRequest):
		return "invalid_request"
	case errors.Is(err, ErrStopped):
		return "stopped"
	case provesNoConnection(err):
		return "connection"
	}
	return "_OTHER"
}

// exchange is the innermost one: it observes attempts, by the semantic
// conventions of HTTP (stable since 1.23).
func (t *telemetry) exchange(next Exchange, base *url.URL, secrets secretNames) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		call, _ := req.Context().Value(callKey{}).(*callInfo)
		if call == nil {
			return next(req)
		}
		begun, ctx := time.Now(), req.Context()
		common := requestAttributes(req, call, base)
		var span trace.Span
		if t.tracer != nil {
			display := secrets.url(hostOf(req, base), req.URL.EscapedPath(), req.URL.RawQuery)
			ctx, span = t.tracer.Start(ctx, req.Method+" "+call.op.template, trace.WithSpanKind(trace.SpanKindClient),
				trace.WithAttributes(append(common[:len(common):len(common)], attribute.String("url.full", display))...))
			if call.Attempt > 1 {
				span.SetAttributes(attribute.Int("http.request.resend_count", call.Attempt-1))
			}
			defer span.End()
			t.propagator.Inject(ctx, propagation.HeaderCarrier(req.Header))
			req = req.WithContext(ctx)
		}
		response, err := next(req)
		outcome := responseAttributes(response, err)
		if span != nil {
			span.SetAttributes(outcome...)
			if err != nil {
				span.SetStatus(codes.Error, withoutURL(err).Error())
			} else if response != nil && response.StatusCode >= 400 {
				span.SetStatus(codes.Error, "")
			}
		}
		if t.requests != nil {
			t.requests.Record(ctx, time.Since(begun).Seconds(), metric.WithAttributes(append(common, outcome...)...))
		}
		return response, err
	}
}

func hostOf(req *http.Request, base *url.URL) *url.URL {
	if req.URL.Host != "" {
		return &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}
	}
	return base
}

// requestAttributes are known before the request is sent.
func requestAttributes(req *http.Request, call *callInfo, base *url.URL) []attribute.KeyValue {
	host := hostOf(req, base)
	port, _ := strconv.Atoi(portOf(host))
	attributes := make([]attribute.KeyValue, 0, 8)
	return append(attributes,
		attribute.String("http.request.method", req.Method),
		attribute.String("server.address", strings.ToLower(host.Hostname())),
		attribute.Int("server.port", port),
		attribute.String("url.template", call.op.template))
}

// responseAttributes are known after it.
func responseAttributes(response *http.Response, err error) []attribute.KeyValue {
	switch {
	case err != nil || response == nil:
		return []attribute.KeyValue{attribute.String("error.type", errorKind(errors.Join(err)))}
	case response.StatusCode >= 400:
		return []attribute.KeyValue{attribute.Int("http.response.status_code", response.StatusCode),
			attribute.String("error.type", strconv.Itoa(response.StatusCode))}
	}
	return []attribute.KeyValue{attribute.Int("http.response.status_code", response.StatusCode)}
}

// count adds one to a counter of a method.
func (t *telemetry) count(counter func(*telemetry) metric.Int64Counter, op *operation) {
	if t == nil || t.requests == nil {
		return
	}
	counter(t).Add(context.Background(), 1, metric.WithAttributes(op.attributes...))
}
