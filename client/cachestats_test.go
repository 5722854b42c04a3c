// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// shopCache reports the cache of one client, and panics for others.
type shopCache struct{ of string }

func (c *shopCache) CacheStats(name string) (client.CacheStats, bool) {
	if name != c.of {
		panic("what is " + name + "?")
	}
	return client.CacheStats{Hits: 3, Misses: 1}, true
}

func TestStatisticsHoldThoseOfTheCache(t *testing.T) {
	for name, test := range map[string]struct {
		beans []string
		want  *client.CacheStats
	}{
		"no cache":           {nil, nil},
		"a cache":            {[]string{"shop"}, &client.CacheStats{Hits: 3, Misses: 1}},
		"one that panics":    {[]string{"other"}, nil},
		"one beside a panic": {[]string{"other", "shop"}, &client.CacheStats{Hits: 3, Misses: 1}},
		"two for one client": {[]string{"shop", "shop"}, &client.CacheStats{Hits: 3, Misses: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil, through(portFunc(func(*http.Request) (*http.Response, error) { return answer(200, `{}`), nil })))
			for i, of := range test.beans {
				app.RegisterInstance(&shopCache{of}, container.Named(of+string(rune('a'+i))))
			}
			client.Register[boutique](app)
			require.NoError(t, app.Start(t.Context()))
			t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
			assert.Equal(t, test.want, client.Stats(app)[0].Cache)
			assert.Equal(t, test.want, client.Clients(app)[0].Stats.Cache)
		})
	}
}
