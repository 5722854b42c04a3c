// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
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

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// observed is what telemetry needs of an operation, made once so that a call
// makes nothing of it.
type observed struct {
	*telemetry
	engine *engine // for its base URL, allowed hosts and secrets

	callName    string
	call        []attribute.KeyValue // of its span
	attemptName string
	request     []attribute.KeyValue // of every attempt
	counted     []metric.AddOption   // client and method
	named       []attribute.KeyValue // the same

	calls    outcomes
	requests outcomes             // of attempts at the client's own service
	abroad   map[server]*outcomes // and at allowed hosts
}

// server is an entry of the setting allowed-hosts, by a scheme.
type server struct{ scheme, allowed string }

// observe makes what telemetry needs of an operation. It is nil if nothing is
// observed.
func (t *telemetry) observe(e *engine, op *operation) *observed {
	if t == nil {
		return nil
	}
	named := []attribute.KeyValue{attribute.String("client", op.client), attribute.String("method", op.method)}
	o := &observed{
		telemetry: t, engine: e, named: named,
		callName: op.client + "." + op.method, attemptName: op.verb + " " + op.template,
		call:    []attribute.KeyValue{attribute.String("pyfly.client.name", op.client), attribute.String("pyfly.client.method", op.method)},
		request: []attribute.KeyValue{attribute.String("http.request.method", op.verb), attribute.String("url.template", op.template)},
		counted: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(slices.Clone(named)...))},
		abroad:  make(map[server]*outcomes, 2*len(e.allowed)),
	}
	o.calls.common = named
	o.requests.common = append(serverAttributes(e.baseURL), o.request...)
	for _, allowed := range e.allowed {
		host, _ := hostpattern.Parse(allowed) // a wrong one stops the start
		for _, scheme := range []string{"http", "https"} {
			o.abroad[server{scheme, allowed}] = &outcomes{
				common: append(serverAttributes(&url.URL{Scheme: scheme, Host: host.String()}), o.request...),
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

// beginCall begins the span of a call, if there are spans.
func (o *observed) beginCall(ctx context.Context) (context.Context, trace.Span) {
	if o.tracer == nil {
		return ctx, nil
	}
	ctx, span := o.tracer.Start(ctx, o.callName)
	if span.IsRecording() { // after the start: the name says as much to who samples
		span.SetAttributes(o.call...)
	}
	return ctx, span
}

// endCall ends the span of a call, and counts the call.
func (o *observed) endCall(ctx context.Context, span trace.Span, c *call, err error) {
	kind := ""
	if err != nil {
		kind = errorKind(err)
	}
	if span != nil {
		if err != nil && span.IsRecording() {
			span.SetAttributes(attribute.String("error.type", kind))
			setFailed(span, err)
		}
		span.End()
	}
	if o.instruments == nil {
		return
	}
	if o.instruments.calls.Enabled(ctx) {
		o.instruments.calls.Record(ctx, c.elapsed(err).Seconds(), o.calls.options(outcome{kind: kind})...)
	}
	if reason := rejection(err); reason != "" {
		o.rejections.Add(ctx, 1, metric.WithAttributes(append(slices.Clone(o.named), attribute.String("reason", reason))...))
	}
}

// setFailed says that a span is one of a failure, and, unless a status says so
// already, of what.
func setFailed(span trace.Span, err error) {
	description := ""
	if e, ok := err.(*Error); ok && e.Err != nil {
		err = e.Err
	} else if ok {
		err = nil
	}
	if err != nil {
		description = err.Error()
	}
	span.SetStatus(codes.Error, description)
}

// exchangeObserved makes an attempt that is measured, and has a span if that of
// the call is recorded: who samples has decided for all attempts.
func (c *call) exchangeObserved(ctx context.Context) error {
	o, begun := c.op.observed, c.attemptSeen()
	c.version = 0
	var err error
	if o.tracer != nil && trace.SpanFromContext(ctx).IsRecording() {
		ctx, err = c.exchangeInSpan(ctx)
	} else {
		err = c.exchangeUnobserved(ctx)
	}
	if o.instruments != nil && o.instruments.requests.Enabled(ctx) {
		took := time.Since(begun)
		if begun == c.begun {
			c.took = took
		}
		o.instruments.requests.Record(ctx, took.Seconds(), o.requestsAt(c.message.elsewhere).options(c.outcome(err))...)
	}
	return err
}

// elapsed is how long the call took. If it was one attempt that succeeded, that
// says so without another look at the clock.
func (c *call) elapsed(err error) time.Duration {
	if err == nil && c.took > 0 && c.attempts == 1 {
		return c.took
	}
	return time.Since(c.begun)
}

// attemptSeen is when the attempt begins. A call that has not waited for anything
// needs no second look at the clock.
func (c *call) attemptSeen() time.Time {
	if c.attempts > 0 {
		return time.Now()
	}
	return c.admitted
}

func (c *call) exchangeUnobserved(ctx context.Context) error {
	if c.streams {
		return c.exchangeForStream(ctx)
	}
	return c.exchange(ctx)
}

func (c *call) exchangeInSpan(parent context.Context) (ctx context.Context, err error) {
	o := c.op.observed
	ctx, span := o.tracer.Start(parent, o.attemptName, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(c.attemptAttributes()...))
	seen := outcome{kind: "panic"}
	defer func() {
		span.SetAttributes(seen.attributes()...)
		if seen.kind != "" {
			setFailed(span, err)
		}
		span.End()
	}()
	err = c.exchangeUnobserved(ctx)
	seen = c.outcome(err)
	return ctx, err
}

func (c *call) attemptAttributes() []attribute.KeyValue {
	o, m := c.op.observed, c.message
	base := m.base(c.baseURL)
	attributes := make([]attribute.KeyValue, 0, 6)
	attributes = append(attributes, o.request...)
	attributes = append(attributes, serverAttributes(base)...)
	attributes = append(attributes, attribute.String("url.full", c.shownURL(m)))
	if c.attempts > 0 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", c.attempts))
	}
	return attributes
}

// requestsAt are the measurements of attempts at a host: an allowed one is known
// by the setting that allows it, of which there are few.
func (o *observed) requestsAt(elsewhere *url.URL) *outcomes {
	if elsewhere == nil {
		return &o.requests
	}
	for _, allowed := range o.engine.allowed {
		if (nethttp.AllowedHosts{allowed}).Allow(o.engine.baseURL, elsewhere) {
			return o.abroad[server{elsewhere.Scheme, allowed}]
		}
	}
	return &outcomes{common: o.request} // it has been allowed: not reached
}

// answered takes note of the protocol of an answer, for telemetry.
func (c *call) answered(response *http.Response) {
	if c.op.observed != nil {
		c.version = versionOf(response.ProtoMajor, response.ProtoMinor)
	}
}

// errPanicked is how a call ends that does not end.
var errPanicked = errors.New("it panicked")
