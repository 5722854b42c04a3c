// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/nethttp"
)

// observed is what telemetry needs of an operation, made once so that a call
// makes nothing of it. It is the operation's engine.Observer.
type observed struct {
	*telemetry
	generation *generation // for its base URL, allowed hosts and secrets
	operation  *engine.Operation

	callName    string
	call        []attribute.KeyValue // of its span
	attemptName string
	request     []attribute.KeyValue // of every attempt
	counted     []metric.AddOption   // client and method
	named       []attribute.KeyValue // the same

	calls    outcomes
	requests outcomes             // of attempts at the client's own service
	others   map[server]*outcomes // and at allowed hosts
}

// server is an entry of the setting allowed-hosts, by a scheme.
type server struct{ scheme, allowed string }

// observe makes what telemetry needs of an operation. It is nil if nothing is
// observed.
func (t *telemetry) observe(g *generation, op *engine.Operation) *observed {
	if t == nil {
		return nil
	}
	template := g.operations[op.Index].template
	named := []attribute.KeyValue{attribute.String("client", op.Client), attribute.String("method", op.Method)}
	o := &observed{
		telemetry: t, generation: g, operation: op, named: named,
		callName: op.Client + "." + op.Method, attemptName: op.Verb + " " + template,
		call:    []attribute.KeyValue{attribute.String("pyfly.client.name", op.Client), attribute.String("pyfly.client.method", op.Method)},
		request: []attribute.KeyValue{attribute.String("http.request.method", op.Verb), attribute.String("url.template", template)},
		counted: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(slices.Clone(named)...))},
		others:  make(map[server]*outcomes, 2*len(g.allowed)),
	}
	o.calls.common = named
	o.requests.common = append(serverAttributes(g.baseURL), o.request...)
	for _, allowed := range g.allowed {
		for _, scheme := range []string{"http", "https"} {
			o.others[server{scheme, allowed}] = &outcomes{
				common: append(serverAttributes(&url.URL{Scheme: scheme, Host: allowed}), o.request...),
			}
		}
	}
	return o
}

func serverAttributes(u *url.URL) []attribute.KeyValue {
	port, _ := strconv.Atoi(nethttp.PortOf(u))
	return []attribute.KeyValue{attribute.String("server.address", strings.ToLower(u.Hostname())), attribute.Int("server.port", port)}
}

// count adds one to a counter of a method.
func (o *observed) count(counter func(*instruments) metric.Int64Counter) {
	if o == nil || o.instruments == nil {
		return
	}
	counter(o.instruments).Add(context.Background(), 1, o.counted...)
}

// BeginCall begins the span of a call, if there are spans.
func (o *observed) BeginCall(ctx context.Context) (context.Context, engine.Span) {
	if o.tracer == nil {
		return ctx, nil
	}
	ctx, span := o.tracer.Start(ctx, o.callName)
	if span.IsRecording() { // after the start: the name says as much to who samples
		span.SetAttributes(o.call...)
	}
	return ctx, span
}

// EndCall ends the span of a call, and counts the call.
func (o *observed) EndCall(ctx context.Context, span engine.Span, begun time.Time, took time.Duration, failed *engine.Outcome) {
	kind := ""
	if failed != nil {
		kind = errorKind(failed)
	}
	if span, ok := span.(trace.Span); ok {
		if failed != nil && span.IsRecording() {
			span.SetAttributes(attribute.String("error.type", kind))
			setFailed(span, failed)
		}
		span.End()
	}
	if o.instruments == nil {
		return
	}
	if o.instruments.calls.Enabled(ctx) {
		if took == 0 {
			took = time.Since(begun)
		}
		o.instruments.calls.Record(ctx, took.Seconds(), o.calls.options(outcome{kind: kind})...)
	}
	if failed == nil {
		return
	}
	if reason := rejection(failed); reason != "" {
		o.rejections.Add(ctx, 1, metric.WithAttributes(append(slices.Clone(o.named), attribute.String("reason", reason))...))
	}
}

// setFailed says that a span is one of a failure, and, unless a status says so
// already, of what.
func setFailed(span trace.Span, err error) {
	description := ""
	if e, ok := err.(*engine.Outcome); ok && e.Err != nil {
		err = e.Err
	} else if ok {
		err = nil
	}
	if err != nil {
		description = err.Error()
	}
	span.SetStatus(codes.Error, description)
}

// BeginAttempt begins the span of an attempt, if that of the call is recorded: who
// samples has decided for all attempts.
func (o *observed) BeginAttempt(ctx context.Context, m *message.Message, resends int) (context.Context, engine.Span) {
	if o.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	ctx, span := o.tracer.Start(ctx, o.attemptName, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(o.attemptAttributes(m, resends)...))
	return ctx, span
}

// EndAttempt ends the span of an attempt, and measures the attempt.
func (o *observed) EndAttempt(ctx context.Context, span engine.Span, m *message.Message, begun time.Time, r engine.Result) (took time.Duration) {
	seen := outcomeOf(r)
	if span, ok := span.(trace.Span); ok {
		span.SetAttributes(seen.attributes()...)
		if seen.kind != "" {
			setFailed(span, r.Err)
		}
		span.End()
	}
	if o.instruments == nil || !o.instruments.requests.Enabled(ctx) {
		return 0
	}
	took = time.Since(begun)
	o.instruments.requests.Record(ctx, took.Seconds(), o.requestsAt(m.Elsewhere).options(seen)...)
	return took
}

// Inject puts the context of a trace into the headers of a request.
func (o *observed) Inject(ctx context.Context, req *http.Request) { o.inject(ctx, req) }

func (o *observed) attemptAttributes(m *message.Message, resends int) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 6)
	attributes = append(attributes, o.request...)
	attributes = append(attributes, serverAttributes(m.Base(o.generation.baseURL))...)
	attributes = append(attributes, attribute.String("url.full", o.generation.shownURL(o.operation, m)))
	if resends > 0 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", resends))
	}
	return attributes
}

// requestsAt are the measurements of attempts at a host: an allowed one is known
// by the setting that allows it, of which there are few.
func (o *observed) requestsAt(elsewhere *url.URL) *outcomes {
	if elsewhere == nil {
		return &o.requests
	}
	for _, allowed := range o.generation.allowed {
		if (nethttp.AllowedHosts{allowed}).Allow(o.generation.baseURL, elsewhere) {
			return o.others[server{elsewhere.Scheme, allowed}]
		}
	}
	return &outcomes{common: o.request} // it has been allowed: not reached
}
