// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pyfly-go/pyfly/container"
)

func TestPrometheusIsToldOfCallsAttemptsAndBreakers(t *testing.T) {
	r := run(t, map[string]any{"pyfly.app.name": "shop", "pyfly.client.services.stock-client.bulkhead.max-concurrent": 7})
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	r.openCircuit(t)
	_, _ = r.Get(t.Context(), "1")
	text := get(t, r.url+"/prometheus").body
	for _, pattern := range []string{
		`http_client_request_duration_seconds_count\{[^}]*http_request_method="GET"[^}]*http_response_status_code="200"[^}]*url_template="/products/\{id\}"\} 1`,
		`http_client_request_duration_seconds_bucket\{.*le="0.005"`,
		`pyfly_client_call_duration_seconds_count\{client="stock-client"[^}]*method="Get"\} 1`,
		`pyfly_client_retries_total\{client="stock-client",method="Get"\} \d`,
		`pyfly_client_rejections_total\{client="stock-client",method="Get",reason="circuit_open"\} 2`,
		`pyfly_resilience_circuit_breaker_state\{name="stock-client",state="open"\} 1`,
		`pyfly_resilience_circuit_breaker_state\{name="stock-client",state="closed"\} 0`,
		`pyfly_resilience_bulkhead_active\{[^}]*name="stock-client"\} 0`,
		`target_info\{[^}]*service_name="shop"`,
		`go_goroutines \d+`, `process_start_time_seconds \d`,
	} {
		if !regexp.MustCompile(`(?m)^` + pattern).MatchString(text) {
			t.Errorf("not told: %s", pattern)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestWhatTheApplicationBringsIsServedToo(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	own := prometheus.NewRegistry()
	own.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "shop_orders_total", Help: "Orders."}))
	r := run(t, nil, func(app *container.ApplicationContext) {
		app.Register(func() sdkmetric.Reader { return reader })
		app.Register(func() prometheus.Gatherer { return own })
	})
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil || len(all.ScopeMetrics) == 0 {
		t.Errorf("the application's reader reads nothing: %v", err)
	}
	if text := get(t, r.url+"/prometheus").body; !strings.Contains(text, "shop_orders_total 0") {
		t.Error("the application's own metrics are not served")
	}
}

func TestAMeterProviderOfTheApplicationWins(t *testing.T) {
	r := run(t, nil, func(app *container.ApplicationContext) {
		app.Register(func() metric.MeterProvider { return noop.NewMeterProvider() })
	})
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	a := get(t, r.url+"/prometheus")
	if a.status != http.StatusOK || strings.Contains(a.body, "pyfly_client") || !strings.Contains(a.body, "go_goroutines") {
		t.Errorf("%d", a.status)
	}
	f := follow(t, r.url)
	tick := f.await("tick", any1)
	if p50 := at(t, tick, "clients", "stock-client").(map[string]any)["p50"]; p50 != nil {
		t.Errorf("latencies come from nowhere: %v", p50)
	}
}
