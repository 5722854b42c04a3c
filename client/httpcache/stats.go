// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// ClientStats are the counters of one client's cache since the application has
// started, and what is stored now. Requests that the cache does not look at are
// not counted: other methods than GET, streams, parts, requests with conditions.
type ClientStats struct {
	Client string `json:"client"` // "catalog-client"
	client.CacheStats
}

// Stats returns the statistics of all clients that have been called, by name. It
// is empty if the application has not installed [Module], or has not started.
func Stats(app *container.ApplicationContext) []ClientStats {
	c, err := container.Get[*cache](app)
	if err != nil {
		return nil
	}
	stats := []ClientStats{}
	for _, of := range c.all() {
		if of.settings.Load().enabled {
			stats = append(stats, of.stats())
		}
	}
	slices.SortFunc(stats, func(a, b ClientStats) int { return cmp.Compare(a.Client, b.Client) })
	return stats
}

var _ client.CacheReporter = (*cache)(nil)

// CacheStats implements [client.CacheReporter].
func (c *cache) CacheStats(name string) (client.CacheStats, bool) {
	c.mu.Lock()
	of := c.clients[name]
	c.mu.Unlock()
	if of == nil || !of.settings.Load().enabled {
		return client.CacheStats{}, false
	}
	return of.stats().CacheStats, true
}

// kind is what has become of a request.
type kind int

const (
	hit kind = iota
	collapsed
	revalidation
	stale
	miss
	kinds
)

// kindNames are the values of the attribute result.
var kindNames = [kinds]string{"hit", "collapsed", "revalidated", "stale", "miss"}

type counters [kinds]atomic.Int64

func (c *clientCache) count(k kind) {
	c.counters[k].Add(1)
	c.owner.metrics.count(c.name, k)
}

func (c *clientCache) stats() ClientStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ClientStats{Client: c.name, CacheStats: client.CacheStats{
		Hits: c.counters[hit].Load(), Collapsed: c.counters[collapsed].Load(),
		Revalidations: c.counters[revalidation].Load(), Stale: c.counters[stale].Load(), Misses: c.counters[miss].Load(),
		Evictions: c.store.evictions, Entries: int64(c.store.used.Len()), Bytes: c.store.size, MaxBytes: int64(c.settings.Load().maxSize),
	}}
}
