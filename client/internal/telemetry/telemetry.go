// SPDX-License-Identifier: Apache-2.0

// Package telemetry records spans and metrics of the calls of clients through
// OpenTelemetry. It uses plain values and does not depend on engines and
// errors.
package telemetry

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// scopeName is the name of the instrumentation scope, schemaURL the version of
// the semantic conventions.
const (
	scopeName = "github.com/pyfly-go/pyfly/client"
	schemaURL = "https://opentelemetry.io/schemas/1.37.0"
)

// Config configures telemetry. At least one provider must not be nil.
type Config struct {
	Tracers    trace.TracerProvider          // nil for no spans
	Meters     metric.MeterProvider          // nil for no metrics
	Propagator propagation.TextMapPropagator // nil for the global one
	Gauges     func() []Gauges               // of all clients
}

// Telemetry records the spans and metrics of clients. A nil Telemetry does
// nothing. It is safe for concurrent use.
type Telemetry struct {
	tracer       trace.Tracer // nil for no spans
	propagator   propagation.TextMapPropagator
	*instruments // nil for no metrics
}

// New returns a Telemetry. Its error lists the instruments that the meter
// provider could not create; the Telemetry works without them.
func New(c Config) (*Telemetry, error) {
	t := &Telemetry{}
	if c.Tracers != nil {
		t.trace(c)
	}
	if c.Meters == nil {
		return t, nil
	}
	var err error
	t.instruments, err = newInstruments(c.Meters.Meter(scopeName, metric.WithSchemaURL(schemaURL)), c.Gauges)
	return t, err
}

func (t *Telemetry) trace(c Config) {
	if t.propagator = c.Propagator; t.propagator == nil {
		t.propagator = globalPropagator()
	}
	if _, isNoop := c.Tracers.(noop.TracerProvider); !isNoop { // it would only propagate the span of the context
		t.tracer = c.Tracers.Tracer(scopeName, trace.WithSchemaURL(schemaURL))
	}
}

// Close unregisters the gauges.
func (t *Telemetry) Close() error {
	if t == nil || t.instruments == nil {
		return nil
	}
	return t.unregister()
}
