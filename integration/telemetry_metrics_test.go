// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/semconv/v1.37.0/httpconv"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestRequestsAreMeasuredByTheConventions(t *testing.T) {
	o := observe(t, status(500), nil)
	_, _ = o.Get(t.Context(), "1", url.Values{"token": {"sesame"}})
	m := o.metrics(t)["http.client.request.duration"]
	if want := (httpconv.ClientRequestDuration{}); m.Name != want.Name() || m.Unit != want.Unit() || m.Description != want.Description() {
		t.Errorf("%s, %s, %q, want %q", m.Name, m.Unit, m.Description, want.Description())
	}
	points := o.durations(t, m.Name)
	if len(points) != 1 || points[0].Count != 3 {
		t.Fatalf("%+v", points)
	}
	if want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}; !slices.Equal(points[0].Bounds, want) {
		t.Errorf("the buckets are %v", points[0].Bounds)
	}
	a := attributesOf(points[0].Attributes.ToSlice())
	port := a[string(semconv.ServerPortKey)]
	want := map[string]string{
		string(semconv.HTTPRequestMethodKey): "GET", string(semconv.URLTemplateKey): "/products/{id}",
		string(semconv.ServerAddressKey): "127.0.0.1", string(semconv.ServerPortKey): port,
		string(semconv.HTTPResponseStatusCodeKey): "500", string(semconv.ErrorTypeKey): "500",
		string(semconv.NetworkProtocolVersionKey): "1.1",
	}
	if port == "" || fmt.Sprint(a) != fmt.Sprint(want) {
		t.Errorf("the attributes are %v, want %v", a, want)
	}
}

// instruments are all that there are: kind and unit.
var instruments = map[string][2]string{
	"http.client.request.duration":                 {"histogram", "s"},
	"pyfly.client.call.duration":                   {"histogram", "s"},
	"pyfly.client.active_calls":                    {"up-down counter", "{call}"},
	"pyfly.client.retries":                         {"counter", "{retry}"},
	"pyfly.client.retry_budget.exhausted":          {"counter", "{retry}"},
	"pyfly.client.hedges":                          {"counter", "{hedge}"},
	"pyfly.client.hedge_wins":                      {"counter", "{hedge}"},
	"pyfly.client.rejections":                      {"counter", "{call}"},
	"pyfly.client.stale_answers":                   {"counter", "{call}"},
	"pyfly.client.slow_calls":                      {"counter", "{call}"},
	"pyfly.resilience.circuit_breaker.state":       {"up-down counter", "{circuit_breaker}"},
	"pyfly.resilience.circuit_breaker.transitions": {"counter", "{transition}"},
	"pyfly.resilience.bulkhead.active":             {"up-down counter", "{call}"},
	"pyfly.resilience.bulkhead.queued":             {"up-down counter", "{call}"},
	"pyfly.resilience.bulkhead.limit":              {"up-down counter", "{call}"},
	"pyfly.resilience.adaptive_limiter.limit":      {"up-down counter", "{call}"},
}

func kindOf(data metricdata.Aggregation) string {
	switch d := data.(type) {
	case metricdata.Histogram[float64]:
		return "histogram"
	case metricdata.Sum[int64]:
		if d.IsMonotonic {
			return "counter"
		}
		return "up-down counter"
	}
	return fmt.Sprintf("%T", data)
}

// answers makes a port that answers with one status after the other, the last for
// ever.
func answers(list ...int) client.Option {
	var mu sync.Mutex
	return overPort(func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		code := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return &http.Response{StatusCode: code, Body: http.NoBody}, nil
	})
}

func TestEachInstrumentMovesWhenItsEventHappens(t *testing.T) {
	const breaker, limit = "pyfly.resilience.circuit_breaker.", "pyfly.resilience.bulkhead.limit"
	tests := []struct {
		name, instrument, by string
		settings             map[string]any
		port                 client.Option
		calls                int
		want                 map[string]int64
	}{
		{"retries", "pyfly.client.retries", "method", nil, answers(503), 1, map[string]int64{"Get": 2}},
		{"a retry that the budget prevents", "pyfly.client.retry_budget.exhausted", "method",
			map[string]any{"retry.budget.min-per-second": 0, "retry.budget.ratio": 0.01}, answers(503), 1, map[string]int64{"Get": 1}},
		{"a call that an open circuit refuses", "pyfly.client.rejections", "reason", nil, answers(503), 3, map[string]int64{"circuit_open": 2}},
		{"a call beyond the rate", "pyfly.client.rejections", "reason",
			map[string]any{"rate-limit.per-second": 0.001, "rate-limit.burst": 1}, answers(200), 3, map[string]int64{"rate_limit": 2}},
		{"an old answer", "pyfly.client.stale_answers", "method", map[string]any{"stale-if-error": "1h"}, answers(200, 503), 2, map[string]int64{"Get": 1}},
		{"a slow call", "pyfly.client.slow_calls", "client",
			map[string]any{"circuit-breaker.sliding-window": "count", "circuit-breaker.slow-call-rate": 1, "circuit-breaker.slow-call-duration": "1ns"}, answers(200), 1, map[string]int64{"traced-client": 1}},
		{"a circuit that opens", breaker + "transitions", "state", nil, answers(503), 1, map[string]int64{"open": 1}},
		{"the state of an open circuit", breaker + "state", "state", nil, answers(503), 1,
			map[string]int64{"open": 1, "closed": 0, "half-open": 0, "forced-open": 0, "disabled": 0}},
		{"the circuit of a method", breaker + "transitions", "name", map[string]any{"circuit-breaker.scope": "method"}, answers(503), 1, map[string]int64{"traced-client/Get": 1}},
		{"the bulkheads of client and method", limit, "name", map[string]any{"bulkhead.max-concurrent": 5, "methods.get.bulkhead.max-concurrent": 2}, answers(200), 1,
			map[string]int64{"traced-client": 5, "traced-client.Get": 2}},
		{"what an adaptive limiter has found out", "pyfly.resilience.adaptive_limiter.limit", "name", map[string]any{"adaptive-limit.initial-limit": 7}, answers(200), 0,
			map[string]int64{"traced-client": 7}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := observe(t, status(200), test.settings, test.port)
			for range test.calls {
				_, _ = o.Get(t.Context(), "1", nil)
			}
			if got := o.sums(t, test.instrument, test.by); !maps.Equal(got, test.want) {
				t.Errorf("%s is %v, want %v", test.instrument, got, test.want)
			}
			checkKinds(t, o.metrics(t))
		})
	}
}

// checkKinds checks that what has been measured is documented so.
func checkKinds(t *testing.T, measured map[string]metricdata.Metrics) {
	t.Helper()
	for name, m := range measured {
		if got := [2]string{kindOf(m.Data), m.Unit}; got != instruments[name] || m.Description == "" {
			t.Errorf("%s: %v, want %v; %q", name, got, instruments[name], m.Description)
		}
	}
}

func TestCallsUnderWayAreSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		o := &observed{reader: sdkmetric.NewManualReader()}
		o.start(t, "http://stub.invalid", map[string]any{"bulkhead.max-concurrent": 1, "bulkhead.max-queue": 1}, overPort(func(*http.Request) (*http.Response, error) {
			<-hold
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		}), client.WithTelemetry(tracenoop.NewTracerProvider(), sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader))))
		for range 3 {
			go func() { _, _ = o.Get(t.Context(), "1", nil) }()
		}
		synctest.Wait()
		for instrument, want := range map[string]int64{
			"pyfly.client.active_calls": 2, "pyfly.resilience.bulkhead.active": 1, "pyfly.resilience.bulkhead.queued": 1,
		} {
			for _, by := range []string{"client", "name"} {
				if got, ok := o.sums(t, instrument, by)["traced-client"]; ok && got != want {
					t.Errorf("%s is %d, want %d", instrument, got, want)
				}
			}
		}
		if got := o.sums(t, "pyfly.client.rejections", "reason"); got["bulkhead_full"] != 1 {
			t.Errorf("rejections: %v", got)
		}
		close(hold)
		synctest.Wait()
		if got := o.sums(t, "pyfly.client.active_calls", "client"); got["traced-client"] != 0 {
			t.Errorf("%v are under way", got)
		}
	})
}

func TestTheDurationOfACallHasItsWaitsInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &observed{reader: sdkmetric.NewManualReader()}
		o.start(t, "http://stub.invalid", map[string]any{"retry.base-delay": "1s"}, answers(503, 200),
			client.WithTelemetry(tracenoop.NewTracerProvider(), sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader))))
		if _, err := o.Get(t.Context(), "1", nil); err != nil {
			t.Fatal(err)
		}
		calls, requests := o.durations(t, "pyfly.client.call.duration"), o.durations(t, "http.client.request.duration")
		if len(calls) != 1 || calls[0].Count != 1 || calls[0].Sum != 1 || len(requests) != 2 || requests[0].Sum+requests[1].Sum != 0 {
			t.Errorf("calls %+v, requests %+v", calls, requests)
		}
		if a := attributesOf(calls[0].Attributes.ToSlice()); fmt.Sprint(a) != "map[client:traced-client method:Get]" {
			t.Errorf("the attributes are %v", a)
		}
	})
}

func TestNeitherArgumentsNorHostsMakeSeries(t *testing.T) {
	o := observe(t, status(200), map[string]any{
		"allowed-hosts": []string{"*.example.com"}, "circuit-breaker.scope": "host",
	}, answers(200))
	for i := range 500 {
		if _, err := o.Get(t.Context(), fmt.Sprintf("secret-%d", i), url.Values{"q": {fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Follow(t.Context(), client.URL(fmt.Sprintf("http://host-%d.example.com/%d?token=secret", i, i))); err != nil {
			t.Fatal(err)
		}
	}
	most := map[string]int{"http.client.request.duration": 2, "pyfly.client.call.duration": 2, "pyfly.client.active_calls": 1, "pyfly.resilience.circuit_breaker.state": 500}
	for name, m := range o.metrics(t) {
		if n := len(setsOf(m.Data)); n == 0 || n > most[name] {
			t.Errorf("%s has %d series, at most %d were meant", name, n, most[name])
		}
		for _, set := range setsOf(m.Data) {
			if strings.Contains(set, "secret") {
				t.Errorf("%s has %s", name, set)
			}
		}
	}
	if at := setsOf(o.metrics(t)["http.client.request.duration"].Data); !slices.ContainsFunc(at, func(set string) bool { return strings.Contains(set, "*.example.com") }) {
		t.Errorf("another host is not known by the setting: %v", at)
	}
	for _, s := range o.spans.GetSpans() {
		if a := attributesOf(s.Attributes); strings.Contains(a["url.full"], "token=secret") {
			t.Errorf("a span has %s", a["url.full"])
		}
	}
}

// setsOf are the attributes of the series of an instrument.
func setsOf(data metricdata.Aggregation) []string {
	var sets []string
	switch d := data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			sets = append(sets, fmt.Sprint(attributesOf(p.Attributes.ToSlice())))
		}
	case metricdata.Sum[int64]:
		for _, p := range d.DataPoints {
			sets = append(sets, fmt.Sprint(attributesOf(p.Attributes.ToSlice())))
		}
	}
	return sets
}

func TestAStoppedApplicationIsNotMeasuredAndANewOneIs(t *testing.T) {
	o := observe(t, status(200), nil)
	const state = "pyfly.resilience.circuit_breaker.state"
	if len(o.sums(t, state, "state")) != 5 {
		t.Fatal("the state is not measured")
	}
	o.stop(t)
	if left := o.sums(t, state, "state"); len(left) > 0 {
		t.Errorf("a stopped application is still measured: %v", left)
	}
	if err := o.app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := container.Must(container.Get[*TracedClient](o.app))
	if _, err := again.Get(t.Context(), "1", nil); err != nil {
		t.Fatal(err)
	}
	if len(o.sums(t, state, "state")) != 5 || o.durations(t, "http.client.request.duration")[0].Count != 1 {
		t.Error("an application that has been started again is not measured")
	}
}

func TestTelemetryOutlastsAChangeOfSettings(t *testing.T) {
	o := observe(t, status(200), nil, answers(200))
	if _, err := o.Get(t.Context(), "1", nil); err != nil {
		t.Fatal(err)
	}
	lifecycle.Publish(o.app.Events(), config.Changed{Config: config.New(map[string]any{
		"pyfly.client.services.traced-client.base-url": "http://elsewhere.invalid:81",
	})})
	if _, err := o.Get(t.Context(), "1", nil); err != nil {
		t.Fatal(err)
	}
	points := o.durations(t, "http.client.request.duration")
	if len(points) != 2 || !slices.ContainsFunc(points, func(p metricdata.HistogramDataPoint[float64]) bool {
		a := attributesOf(p.Attributes.ToSlice())
		return a["server.address"] == "elsewhere.invalid" && a["server.port"] == "81"
	}) {
		t.Errorf("%+v", points)
	}
}

// failing is a provider that makes no instrument.
type failing struct{ metric.MeterProvider }

func (f failing) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	return failingMeter{f.MeterProvider.Meter(name, opts...)}
}

type failingMeter struct{ metric.Meter }

var errNoInstrument = errors.New("no instrument")

func (failingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errNoInstrument
}

func (failingMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errNoInstrument
}

func (failingMeter) Int64ObservableUpDownCounter(string, ...metric.Int64ObservableUpDownCounterOption) (metric.Int64ObservableUpDownCounter, error) {
	return nil, errNoInstrument
}

func (failingMeter) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return nil, errNoInstrument
}

func TestInstrumentsThatCannotBeMadeAreLoggedAndDoneWithout(t *testing.T) {
	var log strings.Builder
	o := observe(t, status(503), nil, client.WithTelemetry(tracenoop.NewTracerProvider(), failing{metricnoop.NewMeterProvider()}),
		client.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if _, err := o.Get(t.Context(), "1", nil); !errors.Is(err, client.ErrUnavailable) && !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Error(err)
	}
	o.stop(t)
	if !strings.Contains(log.String(), "no instrument") {
		t.Errorf("the log is %s", log.String())
	}
}

func TestManyMayCollectWhileCallsAreMade(t *testing.T) {
	o := observe(t, status(200), nil, answers(200, 503, 200))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _ = o.Get(t.Context(), "1", nil)
			o.metrics(t)
		})
	}
	wg.Wait()
}
