// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

func TestQuantilesAreWithinFivePercent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func() float64{
		"milliseconds":          func() float64 { return 0.001 * (1 + random.Float64()) },
		"log-normal":            func() float64 { return 0.02 * math.Exp(random.NormFloat64()) },
		"one microsecond to 1s": func() float64 { return math.Pow(10, -6*random.Float64()) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLatencies()
			provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(l.reader))
			defer func() { _ = provider.Shutdown(context.Background()) }()
			h, err := provider.Meter("test").Float64Histogram(callDuration)
			if err != nil {
				t.Fatal(err)
			}
			var values []float64
			for i := range 10_000 {
				v := next()
				values = append(values, v)
				h.Record(t.Context(), v, metric.WithAttributes(attribute.String("client", "shop"), attribute.Int("method", i%3)))
				if i%2500 == 0 {
					l.collect()
				}
			}
			l.collect()
			slices.Sort(values)
			for _, share := range []float64{0.5, 0.95, 0.99} {
				want := values[int(share*float64(len(values)))]
				if got := float64(l.of("shop").quantile(share)); math.Abs(got-want)/want > 0.05 {
					t.Errorf("p%v is %v, want %v", 100*share, got, want)
				}
			}
			if !math.IsNaN(float64(l.of("other").quantile(0.5))) {
				t.Error("a client without calls has latencies")
			}
			for range latencyWindow {
				l.collect()
			}
			if !math.IsNaN(float64(l.of("shop").quantile(0.5))) {
				t.Error("old calls count for ever")
			}
		})
	}
}
