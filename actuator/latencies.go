// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"math"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// latencies computes how long recent calls of each client took, from the
// histogram that the clients record. It is safe for concurrent use.
type latencies struct {
	reader *sdkmetric.ManualReader

	mu      sync.Mutex
	seconds []map[string]*distribution // of the last collections, by client
}

const (
	callDuration   = "pyfly.client.call.duration"
	latencyWindow  = 10 // number of collections that a quantile covers
	clientLabel    = "client"
	maxBuckets     = 160
	maxBucketScale = 20
)

func newLatencies() *latencies {
	return &latencies{reader: sdkmetric.NewManualReader(
		sdkmetric.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }),
		sdkmetric.WithAggregationSelector(func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
			if kind == sdkmetric.InstrumentKindHistogram {
				return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: maxBuckets, MaxScale: maxBucketScale}
			}
			return sdkmetric.AggregationDrop{}
		}),
	)}
}

// collect adds the calls since the last collection.
func (l *latencies) collect() {
	var all metricdata.ResourceMetrics
	_ = l.reader.Collect(context.Background(), &all) // empty if the application has its own MeterProvider
	recorded := map[string]*distribution{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if h, ok := m.Data.(metricdata.ExponentialHistogram[float64]); ok && m.Name == callDuration {
				addAll(recorded, h.DataPoints)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seconds = append(l.seconds, recorded)
	if len(l.seconds) > latencyWindow {
		l.seconds = l.seconds[1:]
	}
}

func addAll(recorded map[string]*distribution, points []metricdata.ExponentialHistogramDataPoint[float64]) {
	for _, p := range points {
		name, _ := p.Attributes.Value(clientLabel)
		d := recorded[name.AsString()]
		if d == nil {
			d = &distribution{}
			recorded[name.AsString()] = d
		}
		d.add(&p)
	}
}

// of returns the latencies of one client.
func (l *latencies) of(client string) *distribution {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := &distribution{}
	for _, second := range l.seconds {
		if d := second[client]; d != nil {
			sum.merge(d)
		}
	}
	return sum
}

// distribution counts durations in buckets whose width is an eighth of a
// doubling, so that a quantile is accurate to 5 %.
type distribution struct {
	counts [perDoubling * doublings]uint64
	total  uint64
}

const (
	perDoubling = 8
	lowest      = -20 // 2^-20 s, about a microsecond
	doublings   = 30  // up to 2^10 s, 17 minutes
)

// add adds the buckets of an exponential histogram. Bucket i of scale s ranges
// from base^i (exclusive) to base^(i+1) (inclusive), where base is 2^(2^-s)
// (OpenTelemetry's metrics data model).
func (d *distribution) add(p *metricdata.ExponentialHistogramDataPoint[float64]) {
	d.count(math.Inf(-1), p.ZeroCount)
	width := math.Ldexp(1, -int(p.Scale)) // in doublings
	for i, n := range p.PositiveBucket.Counts {
		middle := (float64(int(p.PositiveBucket.Offset)+i) + 0.5) * width
		d.count(middle, n)
	}
}

// count adds durations of 2^log2 seconds.
func (d *distribution) count(log2 float64, n uint64) {
	i := (log2 - lowest) * perDoubling
	d.counts[int(max(0, min(i, float64(len(d.counts)-1))))] += n
	d.total += n
}

func (d *distribution) merge(other *distribution) {
	for i, n := range other.counts {
		d.counts[i] += n
	}
	d.total += other.total
}

// quantile returns the duration, in seconds, within which that share of calls
// ended: the middle of its bucket, or NaN if there were no calls.
func (d *distribution) quantile(share float64) number {
	if d.total == 0 {
		return number(math.NaN())
	}
	rank := uint64(math.Ceil(share * float64(d.total)))
	seen := uint64(0)
	for i, n := range d.counts {
		if seen += n; seen >= max(rank, 1) {
			return number(math.Exp2((float64(i)+0.5)/perDoubling + lowest))
		}
	}
	return number(math.NaN())
}
