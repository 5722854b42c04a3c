// SPDX-License-Identifier: Apache-2.0

// Package telemetry traces and measures the calls of clients through OpenTelemetry.
// It takes plain values and knows nothing of engines and errors.
package telemetry

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// scopeName is that of the instrumentation, schemaURL the version of the semantic
// conventions that it keeps to.
const (
	scopeName = "github.com/pyfly-go/pyfly/client"
	schemaURL = "https://opentelemetry.io/schemas/1.37.0"
)

// Config says where clients report to. At least one provider is not nil.
type Config struct {
	Tracers    trace.TracerProvider          // nil: no spans
	Meters     metric.MeterProvider          // nil: no metrics
	Propagator propagation.TextMapPropagator // nil: the global one
	Gauges     func() []Gauges               // of all clients
}

// Telemetry is what clients report to. A nil Telemetry does nothing. It is safe for
// concurrent use.
type Telemetry struct {
	tracer       trace.Tracer // nil: no spans
	propagator   propagation.TextMapPropagator
	*instruments // nil: no metrics
}

// New returns what clients report to. Its error tells which instruments the meter
// provider has not made: the Telemetry does without them.
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
	if _, isNoop := c.Tracers.(noop.TracerProvider); !isNoop { // that one would only pass on what is in the context
		t.tracer = c.Tracers.Tracer(scopeName, trace.WithSchemaURL(schemaURL))
	}
}

// Close takes the gauges off.
func (t *Telemetry) Close() error {
	if t == nil || t.instruments == nil {
		return nil
	}
	return t.unregister()
}
