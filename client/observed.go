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

	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/telemetry"
	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// observed reports what an engine does with a method to telemetry, in plain values.
type observed struct {
	*telemetry.Method
	generation *generation
	operation  *engine.Operation
	server     telemetry.Server
}

var _ engine.Observer = (*observed)(nil)

// observe returns what reports a method. It is nil if nothing is observed.
func (g *generation) observe(op *engine.Operation) *observed {
	if g.telemetry == nil {
		return nil
	}
	o := &observed{generation: g, operation: op, server: serverOf(g.baseURL)}
	c := telemetry.MethodConfig{Client: op.Client, Method: op.Method, Verb: op.Verb, Template: g.operations[op.Index].template, Server: o.server}
	for _, allowed := range g.allowed {
		host, _ := hostpattern.Parse(allowed) // a wrong one stops the start
		for _, scheme := range []string{"http", "https"} {
			c.Others = append(c.Others, serverOf(&url.URL{Scheme: scheme, Host: host.String()}))
		}
	}
	o.Method = g.telemetry.Method(c)
	return o
}

func serverOf(u *url.URL) telemetry.Server {
	port, _ := strconv.Atoi(hosts.PortOf(u))
	return telemetry.Server{Address: strings.ToLower(u.Hostname()), Port: port}
}

// BeginCall implements [engine.Observer].
func (o *observed) BeginCall(ctx context.Context) (context.Context, engine.Span) {
	return asSpan(o.Method.BeginCall(ctx))
}

// asSpan makes sure that no span is nil.
func asSpan(ctx context.Context, span trace.Span) (context.Context, engine.Span) {
	if span == nil {
		return ctx, nil
	}
	return ctx, span
}

// EndCall implements [engine.Observer].
func (o *observed) EndCall(ctx context.Context, span engine.Span, begun time.Time, took time.Duration, failed *engine.Outcome) {
	end := telemetry.CallEnd{Begun: begun, Took: took}
	if failed != nil {
		end.Kind, end.Description, end.Rejection = engine.Kind(failed), descriptionOf(failed), engine.Rejection(failed)
	}
	traced, _ := span.(trace.Span)
	o.Method.EndCall(ctx, traced, end)
}

// descriptionOf says what a status does not say.
func descriptionOf(err error) string {
	if o, ok := err.(*engine.Outcome); ok {
		err = o.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// BeginAttempt implements [engine.Observer].
func (o *observed) BeginAttempt(ctx context.Context, m *message.Message, resends int, instance string) (context.Context, engine.Span) {
	if !o.Traces(ctx) {
		return ctx, nil
	}
	ctx, span := o.Method.BeginAttempt(ctx, serverOf(m.Base(o.generation.baseURL)), o.generation.shownURL(o.operation, m), resends)
	if instance != "" {
		telemetry.SetPeer(span, instance)
	}
	return ctx, span
}

// EndAttempt implements [engine.Observer].
func (o *observed) EndAttempt(ctx context.Context, span engine.Span, m *message.Message, begun time.Time, r engine.Result) (took time.Duration) {
	end := outcomeOf(r)
	traced, _ := span.(trace.Span)
	o.Method.EndAttempt(traced, end, descriptionOf(r.Err))
	if !o.MeasuresAttempts(ctx) {
		return 0
	}
	took = time.Since(begun)
	if m.Elsewhere == nil {
		o.MeasureAttempt(ctx, took, end)
	} else {
		o.MeasureAttemptAt(ctx, o.allowed(m.Elsewhere), took, end)
	}
	return took
}

// allowed is how a host is known in measurements: by the entry of the setting
// allowed-hosts that allows it, of which there are few.
func (o *observed) allowed(host *url.URL) telemetry.Server {
	for _, allowed := range o.generation.allowed {
		if (hosts.Allowed{allowed}).Allow(o.generation.baseURL, host) {
			pattern, _ := hostpattern.Parse(allowed)
			return serverOf(&url.URL{Scheme: host.Scheme, Host: pattern.String()})
		}
	}
	return telemetry.Server{}
}

// Inject implements [engine.Observer].
func (o *observed) Inject(ctx context.Context, req *http.Request) { o.Method.Inject(ctx, req) }

// outcomeOf is how an attempt ended. A response that could not be decoded is one
// all the same.
func outcomeOf(r engine.Result) telemetry.Outcome {
	o := telemetry.Outcome{Status: r.Status, Version: telemetry.Version(r.ProtoMajor, r.ProtoMinor)}
	if failed, ok := r.Err.(*engine.Outcome); ok && (failed.Err == nil && failed.Status < 400 || errors.Is(failed.Err, ErrDecode)) {
		return o
	}
	o.Kind = engine.Kind(r.Err)
	return o
}
