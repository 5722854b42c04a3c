// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"net/http"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
)

// BenchmarkTelemetry is the GET of a stub with telemetry in several degrees, and
// the same by hand with otelhttp.
func BenchmarkTelemetry(b *testing.B) { both(b, telemetries(b)) }

// degree is how much is observed. Providers of nil: nothing.
type degree struct {
	name    string
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// dropped is an exporter that keeps nothing.
type dropped struct{}

func (dropped) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (dropped) Shutdown(context.Context) error                             { return nil }

// degrees are those that applications have: a hundredth of the traces is what
// one under load samples.
func degrees(tb testing.TB) []degree {
	meters := func() metric.MeterProvider {
		p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
		tb.Cleanup(func() { _ = p.Shutdown(context.Background()) })
		return p
	}
	tracers := func(sampler sdktrace.Sampler) trace.TracerProvider {
		p := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sampler)), sdktrace.WithBatcher(dropped{}))
		tb.Cleanup(func() { _ = p.Shutdown(context.Background()) })
		return p
	}
	return []degree{
		{"off", nil, nil},
		{"metrics", nil, meters()},
		{"metrics and 1% of traces", tracers(sdktrace.TraceIDRatioBased(0.01)), meters()},
		{"metrics and all traces", tracers(sdktrace.AlwaysSample()), meters()},
	}
}

func telemetries(tb testing.TB) []subject {
	const base = "http://stub.invalid"
	var subjects []subject
	for _, d := range degrees(tb) {
		opts := []client.Option{overTransport(newStubTransport())}
		if d.meters != nil {
			opts = append(opts, client.WithTelemetry(orNoTraces(d.tracers), d.meters), client.WithPropagator(propagation.TraceContext{}))
		}
		subjects = append(subjects, subject{name: "pyfly, " + d.name, call: declared(tb, base, opts...)})
	}
	for _, d := range degrees(tb) {
		subjects = append(subjects, subject{name: "by hand, " + d.name, call: observedByHand(base, d)})
	}
	return subjects
}

// orNoTraces is needed where nil means the global provider.
func orNoTraces(p trace.TracerProvider) trace.TracerProvider {
	if p == nil {
		return tracenoop.NewTracerProvider()
	}
	return p
}

// observedByHand is net/http with what OpenTelemetry has for it. It measures
// attempts only, without the path's template, and has no span for the call.
func observedByHand(base string, d degree) func() error {
	var transport http.RoundTripper = newStubTransport()
	if d.meters != nil {
		transport = otelhttp.NewTransport(transport, otelhttp.WithTracerProvider(orNoTraces(d.tracers)),
			otelhttp.WithMeterProvider(d.meters), otelhttp.WithPropagators(propagation.TraceContext{}))
	}
	hand := &handWritten{base: base, client: &http.Client{Transport: transport}}
	ctx := context.Background()
	return func() error {
		p, err := hand.get(ctx, "42")
		if err != nil {
			return err
		}
		return check(p)
	}
}
