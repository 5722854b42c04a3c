// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/container"
)

// NewOTLPReader also exports the actuator's metrics by OTLP, once a minute or
// at the interval OTEL_METRIC_EXPORT_INTERVAL. OTEL_EXPORTER_OTLP_ENDPOINT sets
// the destination.
func NewOTLPReader() (sdkmetric.Reader, error) {
	exporter, err := otlpmetrichttp.New(context.Background())
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(exporter), nil
}

// NewOTLPTracers exports spans by OTLP. The function that it returns exports
// the remaining spans when the application stops.
func NewOTLPTracers() (trace.TracerProvider, func() error, error) {
	exporter, err := otlptracehttp.New(context.Background())
	if err != nil {
		return nil, nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	return provider, func() error { return provider.Shutdown(context.Background()) }, nil
}

func registerOTLP(app *container.ApplicationContext) {
	app.Register(NewOTLPReader)
	app.Register(NewOTLPTracers)
}
