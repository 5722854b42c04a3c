// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// metrics holds what the application measures: for Prometheus, for the console,
// and for the application's own readers.
type metrics struct {
	http.Handler
	provider  *sdkmetric.MeterProvider
	latencies *latencies
}

type metricsParameters struct {
	dig.In
	App       *container.ApplicationContext
	Logger    *slog.Logger
	Readers   []sdkmetric.Reader    `optional:"true"`
	Gatherers []prometheus.Gatherer `optional:"true"`
}

// The limits of a scrape.
const (
	maxScrapes    = 4
	scrapeTimeout = 10 * time.Second
)

// newMetrics creates the MeterProvider, and the handler that writes its metrics
// for Prometheus together with Go's own metrics and those of the application's
// gatherers.
func newMetrics(in metricsParameters) (*metrics, func() error, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("cannot create the Prometheus exporter: %w", err)
	}
	described, err := resource.New(context.Background(),
		resource.WithAttributes(attribute.String("service.name", in.App.Name())), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		in.Logger.Warn("OTEL_RESOURCE_ATTRIBUTES is not valid", "error", err)
	}
	m := &metrics{latencies: newLatencies()}
	opts := []sdkmetric.Option{sdkmetric.WithResource(described), sdkmetric.WithReader(exporter), sdkmetric.WithReader(m.latencies.reader)}
	for _, reader := range in.Readers {
		opts = append(opts, sdkmetric.WithReader(reader))
	}
	m.provider = sdkmetric.NewMeterProvider(opts...)
	m.Handler = promhttp.HandlerFor(append(prometheus.Gatherers{registry}, in.Gatherers...), promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(in.Logger.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
	})
	return m, func() error { return m.provider.Shutdown(context.Background()) }, nil
}
