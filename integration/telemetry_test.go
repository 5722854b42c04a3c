// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// TracedClient is the client of the tests of telemetry.
type TracedClient struct {
	client.ServiceClient `url:"http://traced.invalid" retry-base-delay:"0s" failure-threshold:"3" recovery-timeout:"1h"`

	Get func(ctx context.Context, id string, query url.Values) (string, error) `get:"/products/{id}"`
}

// observed is an application whose telemetry is kept in memory.
type observed struct {
	*TracedClient
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	stop   func()
}

func observe(t *testing.T, handler http.HandlerFunc) *observed {
	t.Helper()
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o := &observed{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.spans))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader))
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.traced-client.base-url":                server.URL,
		"pyfly.client.services.traced-client.bulkhead.max-concurrent": 5,
	})))
	app.Install(client.Module(client.WithTelemetry(tracers, meters)))
	client.Register[TracedClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.TracedClient = container.Must(container.Get[*TracedClient](app))
	o.stop = func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	return o
}

func (o *observed) metric(t *testing.T, name string) metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m.Data
			}
		}
	}
	return nil
}

func attributesOf(list []attribute.KeyValue) map[string]string {
	found := map[string]string{}
	for _, a := range list {
		found[string(a.Key)] = a.Value.Emit()
	}
	return found
}

func TestEachCallHasASpanAndEachAttemptOneBelowIt(t *testing.T) {
	var headers []string
	o := observe(t, func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header.Get("Traceparent"))
		if len(headers) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	defer o.stop()
	if _, err := o.Get(t.Context(), "a b", url.Values{"token": {"sesame"}}); err != nil {
		t.Fatal(err)
	}
	spans := o.spans.GetSpans()
	if len(spans) != 3 {
		t.Fatalf("%d spans, want 3", len(spans))
	}
	first, second, call := spans[0], spans[1], spans[2]
	if call.Name != "traced-client.Get" || call.SpanKind != trace.SpanKindInternal || call.Status.Code != codes.Unset {
		t.Errorf("the call: %s, %s, %v", call.Name, call.SpanKind, call.Status)
	}
	for i, attempt := range []tracetest.SpanStub{first, second} {
		if attempt.Name != "GET /products/{id}" || attempt.SpanKind != trace.SpanKindClient || attempt.Parent.SpanID() != call.SpanContext.SpanID() {
			t.Errorf("attempt %d: %s, %s", i+1, attempt.Name, attempt.SpanKind)
		}
		if !strings.Contains(headers[i], attempt.SpanContext.SpanID().String()) {
			t.Errorf("attempt %d sent %q", i+1, headers[i])
		}
		a := attributesOf(attempt.Attributes)
		for _, key := range []attribute.Key{semconv.HTTPRequestMethodKey, semconv.ServerAddressKey, semconv.ServerPortKey, semconv.URLTemplateKey, semconv.URLFullKey, semconv.HTTPResponseStatusCodeKey} {
			if a[string(key)] == "" {
				t.Errorf("attempt %d has no %s: %v", i+1, key, a)
			}
		}
		if a["http.request.method"] != "GET" || a["url.template"] != "/products/{id}" || a["server.address"] != "127.0.0.1" ||
			!strings.HasSuffix(a["url.full"], "/products/a%20b?token=******") {
			t.Errorf("attempt %d: %v", i+1, a)
		}
	}
	if a := attributesOf(first.Attributes); a["http.response.status_code"] != "503" || a["error.type"] != "503" || a["http.request.resend_count"] != "" || first.Status.Code != codes.Error {
		t.Errorf("the first: %v, %v", a, first.Status)
	}
	if a := attributesOf(second.Attributes); a["http.response.status_code"] != "200" || a["error.type"] != "" || a["http.request.resend_count"] != "1" {
		t.Errorf("the second: %v", a)
	}
}

func TestCallsAreMeasured(t *testing.T) {
	o := observe(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for range 2 {
		_, err := o.Get(t.Context(), "1", nil)
		if !errors.Is(err, kernel.ErrCircuitOpen) && !errors.Is(err, client.ErrUnavailable) {
			t.Error(err)
		}
	}
	requests, ok := o.metric(t, "http.client.request.duration").(metricdata.Histogram[float64])
	if !ok || len(requests.DataPoints) != 1 || requests.DataPoints[0].Count != 3 {
		t.Fatalf("%+v", requests)
	}
	if want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}; !slices.Equal(requests.DataPoints[0].Bounds, want) {
		t.Errorf("the buckets are %v", requests.DataPoints[0].Bounds)
	}
	a := attributesOf(requests.DataPoints[0].Attributes.ToSlice())
	if a["http.request.method"] != "GET" || a["http.response.status_code"] != "500" || a["error.type"] != "500" || a["url.template"] != "/products/{id}" || a["url.full"] != "" || a["server.port"] == "" {
		t.Errorf("%v", a)
	}
	calls, _ := o.metric(t, "pyfly.client.call.duration").(metricdata.Histogram[float64])
	kinds := map[string]uint64{}
	for _, p := range calls.DataPoints {
		kinds[attributesOf(p.Attributes.ToSlice())["error.type"]] += p.Count
	}
	if kinds["500"]+kinds["circuit_open"] != 2 {
		t.Errorf("the calls: %v", kinds)
	}
	retries, _ := o.metric(t, "pyfly.client.retries").(metricdata.Sum[int64])
	if len(retries.DataPoints) != 1 || retries.DataPoints[0].Value != 2 {
		t.Errorf("%+v", retries)
	}
	rejections, _ := o.metric(t, "pyfly.client.rejections").(metricdata.Sum[int64])
	if len(rejections.DataPoints) != 1 || attributesOf(rejections.DataPoints[0].Attributes.ToSlice())["reason"] != "circuit_open" {
		t.Errorf("%+v", rejections)
	}
	states, _ := o.metric(t, "pyfly.resilience.circuit_breaker.state").(metricdata.Gauge[int64])
	for _, p := range states.DataPoints {
		a := attributesOf(p.Attributes.ToSlice())
		if isOpen := p.Value == 1; isOpen != (a["state"] == "open") || a["name"] != "traced-client" {
			t.Errorf("%v is %d", a, p.Value)
		}
	}
	if len(states.DataPoints) != 5 {
		t.Errorf("%d states", len(states.DataPoints))
	}
	if active, _ := o.metric(t, "pyfly.resilience.bulkhead.active").(metricdata.Gauge[int64]); len(active.DataPoints) != 1 || active.DataPoints[0].Value != 0 {
		t.Errorf("%+v", active)
	}
	o.stop()
	if gauge, ok := o.metric(t, "pyfly.resilience.circuit_breaker.state").(metricdata.Gauge[int64]); ok && len(gauge.DataPoints) > 0 {
		t.Error("a stopped application is still measured")
	}
}
