// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// telemetry keeps spans and metrics in memory.
type telemetry struct {
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	reader  *sdkmetric.ManualReader
	meters  *sdkmetric.MeterProvider
}

func newTelemetry() *telemetry {
	t := &telemetry{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	t.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(t.spans))
	t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(t.reader))
	return t
}

func (t *telemetry) shutdown() {
	_ = t.meters.Shutdown(context.Background())
}

// text is all that spans tell.
func (t *telemetry) text() string {
	var b strings.Builder
	for _, span := range t.spans.GetSpans() {
		fmt.Fprintln(&b, span.Name, span.Status.Description)
		for _, a := range span.Attributes {
			fmt.Fprintln(&b, a.Key, a.Value.Emit())
		}
		for _, e := range span.Events {
			fmt.Fprintln(&b, e.Name)
			for _, a := range e.Attributes {
				fmt.Fprintln(&b, a.Key, a.Value.Emit())
			}
		}
	}
	return b.String()
}

// collect returns the sums of counters and the counts of histograms, by name, of
// one client.
func (t *telemetry) collect(client string) (map[string]int64, string, error) {
	var data metricdata.ResourceMetrics
	if err := t.reader.Collect(context.Background(), &data); err != nil {
		return nil, "", err
	}
	sums := map[string]int64{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					if v, ok := p.Attributes.Value("client"); !ok || v.AsString() == client {
						sums[m.Name] += p.Value
					}
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					if v, ok := p.Attributes.Value("client"); !ok || v.AsString() == client {
						sums[m.Name] += int64(p.Count)
						if _, failed := p.Attributes.Value("error.type"); failed {
							sums[m.Name+".failed"] += int64(p.Count)
						}
					}
				}
			}
		}
	}
	return sums, fmt.Sprint(data), nil
}

// listen counts events.
func (w *World) listen() {
	lifecycle.Subscribe(w.app.Events(), func(e client.PolicyEvent) {
		w.mu.Lock()
		w.events[e.Client+" "+string(e.Kind)]++
		w.mu.Unlock()
		if e.Err != nil {
			w.shown("event "+string(e.Kind), e.Err.Error())
		}
		if e.Kind == client.EventStateChanged {
			w.note("breaker", "%s goes from %s to %s", e.Name, e.From, e.To)
		}
	})
}

// recordingHandler looks at log records.
type recordingHandler struct {
	world *World
	attrs []slog.Attr
}

// Enabled implements [slog.Handler].
func (*recordingHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h *recordingHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	write := func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value.Resolve().Any())
		return true
	}
	for _, a := range h.attrs {
		write(a)
	}
	r.Attrs(write)
	text := b.String()
	h.world.count(r.Message)
	h.world.shown("log record "+fmt.Sprintf("%q", r.Message), text)
	if len(text) > longestText {
		h.world.find("text-unbounded", "a log record has %d bytes: %.100s", len(text), text)
	}
	return nil
}

// count counts a log record by its message.
func (w *World) count(message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events["log "+message]++
}

// WithAttrs implements [slog.Handler].
func (h *recordingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &recordingHandler{world: h.world, attrs: append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

// WithGroup implements [slog.Handler].
func (h *recordingHandler) WithGroup(string) slog.Handler { return h }

// longestText is what an error or a log record may have at most.
const longestText = 4 << 10
