// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net/http"
	"reflect"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

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

// Inject puts the context of a trace into the headers of a request. To another host
// than the client's own, which a URL with a host tells, only W3C's trace context is
// sent.
func (t *Telemetry) Inject(ctx context.Context, req *http.Request) {
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
