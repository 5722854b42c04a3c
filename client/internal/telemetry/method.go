// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// MethodConfig describes a method of a client.
type MethodConfig struct {
	Client   string // "payment-client"
	Method   string // "Charge"
	Verb     string // "POST"
	Template string // of the path, as it may be shown
	Server   Server // destination of its calls
	Others   []Server
}

// Server is the destination of a request: the client's service, or an allowed
// host.
type Server struct {
	Address string // in lower case
	Port    int
}

func (s Server) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("server.address", s.Address), attribute.Int("server.port", s.Port)}
}

// Method holds the precomputed telemetry data of a method, so that a call does
// not allocate it. A nil Method does nothing. It is safe for concurrent use.
type Method struct {
	*Telemetry
	config      MethodConfig
	callName    string
	call        []attribute.KeyValue // of its span
	attemptName string
	request     []attribute.KeyValue // of every attempt
	counted     []metric.AddOption   // client and method
	named       []attribute.KeyValue // the same

	calls    outcomes
	requests outcomes             // of attempts at the client's own service
	others   map[Server]*outcomes // and at other servers
}

// Method returns the telemetry of a method, or nil if t is nil.
func (t *Telemetry) Method(c MethodConfig) *Method {
	if t == nil {
		return nil
	}
	named := []attribute.KeyValue{attribute.String("client", c.Client), attribute.String("method", c.Method)}
	m := &Method{
		Telemetry: t, config: c, named: named,
		callName: c.Client + "." + c.Method, attemptName: c.Verb + " " + c.Template,
		call:    []attribute.KeyValue{attribute.String("pyfly.client.name", c.Client), attribute.String("pyfly.client.method", c.Method)},
		request: []attribute.KeyValue{attribute.String("http.request.method", c.Verb), attribute.String("url.template", c.Template)},
		counted: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(slices.Clone(named)...))},
		others:  make(map[Server]*outcomes, len(c.Others)),
	}
	m.calls.common = named
	m.requests.common = append(c.Server.attributes(), m.request...)
	for _, other := range c.Others {
		m.others[other] = &outcomes{common: append(other.attributes(), m.request...)}
	}
	return m
}

// Counter is a counter of a method.
type Counter uint8

// The counters of a method.
const (
	Retries Counter = iota
	Hedges
	HedgeWins
	BudgetExhausted
	StaleResponses
)

// Count adds one to a counter of the method.
func (m *Method) Count(counter Counter) {
	if m == nil || m.instruments == nil {
		return
	}
	i := m.instruments
	instrument := [...]metric.Int64Counter{Retries: i.retries, Hedges: i.hedges, HedgeWins: i.hedgeWins, BudgetExhausted: i.exhausted, StaleResponses: i.stale}[counter]
	instrument.Add(context.Background(), 1, m.counted...)
}

// BeginCall begins the span of a call. The span is nil if there is no tracer.
func (m *Method) BeginCall(ctx context.Context) (context.Context, trace.Span) {
	if m.tracer == nil {
		return ctx, nil
	}
	ctx, span := m.tracer.Start(ctx, m.callName)
	if span.IsRecording() { // set after the start: the name already tells samplers as much
		span.SetAttributes(m.call...)
	}
	return ctx, span
}

// CallEnd describes how a call ended.
type CallEnd struct {
	Begun       time.Time
	Took        time.Duration // 0 if it must be measured
	Kind        string        // of the error; "" for success
	Description string        // of the error; "" if the kind is enough
	Rejection   string        // the policy that rejected the call; "" if none
}

// EndCall ends the span of a call, which may be nil, and records the duration
// of the call.
func (m *Method) EndCall(ctx context.Context, span trace.Span, end CallEnd) {
	if span != nil {
		if end.Kind != "" && span.IsRecording() {
			span.SetAttributes(attribute.String("error.type", end.Kind))
			span.SetStatus(codes.Error, end.Description)
		}
		span.End()
	}
	if m.instruments == nil {
		return
	}
	if m.instruments.calls.Enabled(ctx) {
		if end.Took == 0 {
			end.Took = time.Since(end.Begun)
		}
		m.instruments.calls.Record(ctx, end.Took.Seconds(), m.calls.options(Outcome{Kind: end.Kind})...)
	}
	if end.Rejection != "" {
		m.rejections.Add(ctx, 1, metric.WithAttributes(append(slices.Clone(m.named), attribute.String("reason", end.Rejection))...))
	}
}

// Traces reports whether the span of the context's call is recorded. The
// sampler has decided for all attempts of the call.
func (m *Method) Traces(ctx context.Context) bool {
	return m.tracer != nil && trace.SpanFromContext(ctx).IsRecording()
}

// BeginAttempt begins the span of an attempt. The URL must be safe to show.
// resends is the number of previous attempts.
func (m *Method) BeginAttempt(ctx context.Context, server Server, url string, resends int) (context.Context, trace.Span) {
	attributes := make([]attribute.KeyValue, 0, 6)
	attributes = append(attributes, m.request...)
	attributes = append(attributes, server.attributes()...)
	attributes = append(attributes, attribute.String("url.full", url))
	if resends > 0 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", resends))
	}
	return m.tracer.Start(ctx, m.attemptName, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// SetPeer says in the span of an attempt which instance of the service it goes to.
func SetPeer(span trace.Span, instance string) {
	host, port, err := net.SplitHostPort(instance)
	if err != nil {
		return
	}
	number, _ := strconv.Atoi(port)
	span.SetAttributes(attribute.String("network.peer.address", host), attribute.Int("network.peer.port", number))
}

// EndAttempt ends the span of an attempt, which may be nil.
func (m *Method) EndAttempt(span trace.Span, end Outcome, description string) {
	if span == nil {
		return
	}
	span.SetAttributes(end.attributes()...)
	if end.Kind != "" {
		span.SetStatus(codes.Error, description)
	}
	span.End()
}

// MeasuresAttempts reports whether the durations of attempts are recorded.
func (m *Method) MeasuresAttempts(ctx context.Context) bool {
	return m.instruments != nil && m.instruments.requests.Enabled(ctx)
}

// MeasureAttempt records an attempt to reach the client's own service.
func (m *Method) MeasureAttempt(ctx context.Context, took time.Duration, end Outcome) {
	m.instruments.requests.Record(ctx, took.Seconds(), m.requests.options(end)...)
}

// MeasureAttemptAt records an attempt to reach one of the other servers.
func (m *Method) MeasureAttemptAt(ctx context.Context, server Server, took time.Duration, end Outcome) {
	at, ok := m.others[server]
	if !ok { // limits the number of attributes
		at = &outcomes{common: m.request}
	}
	m.instruments.requests.Record(ctx, took.Seconds(), at.options(end)...)
}
