// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net/http"
	"reflect"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// globalPropagator returns the global propagator. While none is set, package
// otel returns a placeholder, which is a pointer; it is replaced by the W3C
// formats.
func globalPropagator() propagation.TextMapPropagator {
	global := otel.GetTextMapPropagator()
	if len(global.Fields()) > 0 || !reflect.TypeOf(global).Comparable() {
		return global
	}
	return unsetPropagator{global, propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})}
}

// unsetPropagator uses the W3C formats until the global propagator is set.
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

// Inject adds the trace context to the headers of a request. If the request
// goes to another host than the client's own, that is, if its URL has a host,
// only W3C's trace context is sent.
func (t *Telemetry) Inject(ctx context.Context, req *http.Request) {
	switch {
	case t == nil || t.propagator == nil:
	case req.URL.Host != "":
		t.propagator.Inject(ctx, foreignCarrier{headerCarrier(req.Header)})
	default:
		t.propagator.Inject(ctx, headerCarrier(req.Header))
	}
}

// headerCarrier is a [propagation.HeaderCarrier] that does not compute the
// canonical form of the W3C header names.
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

// foreignCarrier accepts only headers that may be sent to other hosts than the
// client's own.
type foreignCarrier struct{ headerCarrier }

// Set implements [propagation.TextMapCarrier].
func (c foreignCarrier) Set(name, value string) {
	if name == "traceparent" || name == "tracestate" {
		c.headerCarrier.Set(name, value)
	}
}
