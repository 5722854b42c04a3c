// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// TracedClient is the client of the tests of telemetry.
type TracedClient struct {
	client.ServiceClient `url:"http://traced.invalid" retry-base-delay:"0s" failure-threshold:"3" recovery-timeout:"1h"`

	Get    func(ctx context.Context, id string, query url.Values) (string, error) `get:"/products/{id}"`
	Follow func(ctx context.Context, next client.URL) (string, error)             `get:"/links"`
	Number func(ctx context.Context) (int, error)                                 `get:"/number"`
	Watch  func(ctx context.Context) (io.ReadCloser, error)                       `get:"/stream"`
}

// observed is an application whose telemetry is kept in memory.
type observed struct {
	*TracedClient
	app    *container.ApplicationContext
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
}

// observe starts an application with a TracedClient of a server, with settings of
// the client's.
func observe(t *testing.T, handler http.HandlerFunc, settings map[string]any, opts ...client.Option) *observed {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o := &observed{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	o.start(t, server.URL, settings, append([]client.Option{client.WithTelemetry(
		sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.spans)),
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader)),
	)}, opts...)...)
	return o
}

func (o *observed) start(t *testing.T, base string, settings map[string]any, opts ...client.Option) {
	t.Helper()
	all := map[string]any{"pyfly.client.services.traced-client.base-url": base}
	for key, value := range settings {
		all["pyfly.client.services.traced-client."+key] = value
	}
	o.app = container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(all)))
	o.app.Install(client.Module(opts...))
	client.Register[TracedClient](o.app)
	if err := o.app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.TracedClient = container.Must(container.Get[*TracedClient](o.app))
	t.Cleanup(func() { o.stop(t) })
}

func (o *observed) stop(t *testing.T) {
	t.Helper()
	if err := o.app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// metrics are all that have been measured, by name.
func (o *observed) metrics(t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			found[m.Name] = m
		}
	}
	return found
}

// sums are the values of a counter or gauge by an attribute, "" for none.
func (o *observed) sums(t *testing.T, name, by string) map[string]int64 {
	t.Helper()
	data, _ := o.metrics(t)[name].Data.(metricdata.Sum[int64])
	sums := map[string]int64{}
	for _, p := range data.DataPoints {
		sums[attributesOf(p.Attributes.ToSlice())[by]] += p.Value
	}
	return sums
}

// durations are the points of a histogram.
func (o *observed) durations(t *testing.T, name string) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	data, _ := o.metrics(t)[name].Data.(metricdata.Histogram[float64])
	return data.DataPoints
}

func attributesOf(list []attribute.KeyValue) map[string]string {
	found := map[string]string{}
	for _, a := range list {
		found[string(a.Key)] = a.Value.Emit()
	}
	return found
}

// split tells the spans of calls from those of attempts.
func (o *observed) split() (calls, attempts []tracetest.SpanStub) {
	for _, s := range o.spans.GetSpans() {
		if s.Name == "traced-client.Get" || s.Name == "traced-client.Follow" || s.Name == "traced-client.Number" || s.Name == "traced-client.Watch" {
			calls = append(calls, s)
		} else {
			attempts = append(attempts, s)
		}
	}
	return calls, attempts
}

// status answers with a status always.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// portFunc is a port made of a function.
type portFunc func(*http.Request) (*http.Response, error)

func (f portFunc) Request(r *http.Request) (*http.Response, error) { return f(r) }
func (portFunc) Start(context.Context) error                       { return nil }
func (portFunc) Stop(context.Context) error                        { return nil }

func overPort(port portFunc) client.Option {
	return client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return &port, nil })
}

var w3c = client.WithPropagator(propagation.TraceContext{})
