// SPDX-License-Identifier: Apache-2.0

package client

import (
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// CacheStats are the counters of one client's cache of responses.
type CacheStats struct {
	Hits          int64 `json:"hits"`          // answered by a fresh stored response
	Collapsed     int64 `json:"collapsed"`     // answered by the response to the same request of another caller
	Revalidations int64 `json:"revalidations"` // answered by a stored response that the service said is still good
	Stale         int64 `json:"stale"`         // answered by a stale stored response
	Misses        int64 `json:"misses"`        // answered by the service, or failed
	Evictions     int64 `json:"evictions"`     // stored responses that had to make room
	Entries       int64 `json:"entries"`       // stored responses
	Bytes         int64 `json:"bytes"`         // about what they take
	MaxBytes      int64 `json:"maxBytes"`      // what they may take
}

// CacheReporter is implemented by a bean that caches responses of clients, as that
// of module client/httpcache does. [Stats] and [Clients] show what it reports. It
// must be safe for concurrent use.
type CacheReporter interface {
	// CacheStats returns the counters of a client's cache; it is false if the client
	// has none.
	CacheStats(client string) (CacheStats, bool)
}

// caches returns what reports the caches of an application's clients.
func caches(app *container.ApplicationContext) []CacheReporter {
	reporters, err := container.All[CacheReporter](app)
	if err != nil {
		return nil
	}
	return reporters
}

// addCache adds the counters of the client's cache. The first bean that has some
// counts.
func (s *ClientStats) addCache(reporters []CacheReporter) {
	for _, r := range reporters {
		if of, ok := cacheStats(r, s.Client); ok {
			s.Cache = &of
			return
		}
	}
}

// cacheStats is false for a reporter that panics as well.
func cacheStats(r CacheReporter, client string) (of CacheStats, ok bool) {
	err := usercode.Call(func() error { of, ok = r.CacheStats(client); return nil })
	return of, ok && err == nil
}
