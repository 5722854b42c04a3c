// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// meters makes one counter, which counts by attributes, or fails.
type meters struct {
	noop.MeterProvider
	err error

	mu     sync.Mutex
	counts map[string]int64
}

func (m *meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{meters: m} }

type meter struct {
	noop.Meter
	meters *meters
}

func (m meter) Int64Counter(name string, options ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name != "pyfly.client.cache.requests" {
		return m.Meter.Int64Counter(name, options...)
	}
	return counter{meters: m.meters}, m.meters.err
}

type counter struct {
	noop.Int64Counter
	meters *meters
}

func (c counter) Add(_ context.Context, n int64, options ...metric.AddOption) {
	c.meters.mu.Lock()
	defer c.meters.mu.Unlock()
	set := metric.NewAddConfig(options).Attributes()
	client, _ := set.Value("client")
	result, _ := set.Value("result")
	c.meters.counts[client.AsString()+" "+result.AsString()] += n
}

func TestRequestsAreCounted(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want map[string]int64
	}{
		"by the provider":            {nil, map[string]int64{"docs miss": 1, "docs hit": 2}},
		"a provider that makes none": {errors.New("no"), map[string]int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meters{counts: map[string]int64{}, err: test.err}
			docs, _ := start(t, numbered("Cache-Control: max-age=60"), nil, func(app *container.ApplicationContext) {
				app.Register(func() metric.MeterProvider { return m })
			})
			for range 3 {
				assert.Equal(t, "1", bodyOf(t, docs))
			}
			assert.Equal(t, test.want, m.counts)
		})
	}
}

func TestTheStatisticsOfTheClientHoldThoseOfItsCache(t *testing.T) {
	docs, app := start(t, numbered("Cache-Control: max-age=60"), nil)
	assert.Nil(t, client.Stats(app)[0].Cache)
	bodyOf(t, docs)
	bodyOf(t, docs)
	cache := client.Clients(app)[0].Stats.Cache
	require.NotNil(t, cache)
	assert.Equal(t, statsOf(t, app).CacheStats, *cache)
	assert.Equal(t, int64(1), cache.Hits)
}
