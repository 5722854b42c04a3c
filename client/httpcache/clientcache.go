// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/internal/engine"
)

// clientCache is the cache of one client.
type clientCache struct {
	owner    *cache
	name     string
	settings atomic.Pointer[settings]
	counters counters

	mu      sync.Mutex // guards what follows
	store   store
	flights map[string]*flight // by what is asked
	fetches map[*fetch]bool    // under way
}

func newClientCache(owner *cache, name string, s *settings) *clientCache {
	c := &clientCache{owner: owner, name: name, flights: map[string]*flight{}, fetches: map[*fetch]bool{}}
	c.settings.Store(s)
	return c
}

// exchange serves calls from the cache, as far as it may.
func (c *cache) exchange(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		call, ok := client.CallOf(req.Context())
		if !ok || engine.IsProbe(req.Context()) {
			return next(req)
		}
		of := c.of(call.Client)
		s := of.settings.Load()
		switch {
		case !s.enabled:
			return next(req)
		case isUnsafe(req.Method):
			return of.change(req, next)
		case !isCacheable(req):
			return next(req)
		}
		wants := wantsOf(req.Header)
		if wants.has("no-store") {
			return next(req)
		}
		l := &lookup{
			clientCache: of, settings: s, req: req, next: next, method: call.Method,
			resource: resourceOf(req.URL), identity: s.identity(req.Header), wants: wants,
		}
		return l.run()
	}
}

// isUnsafe reports whether a request may change what the service has: all but those
// of RFC 9110, section 9.2.1.
func isUnsafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

// isCacheable reports whether a request may be answered from the cache. One that
// asks for a part, or has a condition of its own, knows better; and a stream is
// not read whole.
func isCacheable(req *http.Request) bool {
	if req.Method != http.MethodGet || req.Body != nil && req.Body != http.NoBody || client.IsStreaming(req.Context()) {
		return false
	}
	for _, name := range []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if req.Header[name] != nil {
			return false
		}
	}
	return true
}

// wantsOf returns the directives of a request. Pragma counts where there is no
// Cache-Control.
func wantsOf(header http.Header) directives {
	if header["Cache-Control"] == nil && len(header["Pragma"]) > 0 && len(names(header["Pragma"][0])) > 0 && names(header["Pragma"][0])[0] == "No-Cache" {
		return directives{"no-cache": {""}}
	}
	return parseDirectives(header)
}

// find returns the stored response to a request, or nil.
func (l *lookup) find() *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.store.find(l.resource, l.identity, l.req.Header)
}

// put stores a response that a fetch has brought, unless the resource has changed
// meanwhile.
func (l *lookup) put(f *fetch, e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !f.isOutdated {
		l.store.put(e, l.req.Header, int64(l.settings.maxSize))
	}
}

func (c *clientCache) remove(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store.remove(e)
}

// clear removes everything, also what is under way.
func (c *clientCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store.clear()
	clear(c.flights)
	for f := range c.fetches {
		f.isOutdated = true
	}
}
