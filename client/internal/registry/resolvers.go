// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
)

// Resolvers are those of an application, and the watches on them. The zero value has
// the built-in ones. It is safe for concurrent use.
type Resolvers struct {
	mu     sync.Mutex
	named  map[string]discovery.Resolver
	shared map[string]discovery.Resolver // built-in ones that clients share
	group  *watcher.Group                // nil: there is no watch
}

// Add adds a resolver under a name, unless there is one already and it is not to be
// replaced.
func (r *Resolvers) Add(name string, resolver discovery.Resolver, replaces bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if resolver == nil || r.named[name] != nil && !replaces {
		return
	}
	if r.named == nil {
		r.named = map[string]discovery.Resolver{}
	}
	r.named[name] = resolver
}

// Names returns the names of those that were added.
func (r *Resolvers) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.named))
}

// Of returns what tells the instances of a client's service.
func (r *Resolvers) Of(s *settings.Client, base *url.URL) discovery.Resolver {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch d := &s.Discovery; d.Type {
	case settings.StaticDiscovery:
		return discovery.Static(s.Instances...)
	case settings.DNSDiscovery:
		number := hosts.PortOf(base)
		return r.builtIn(d.Type+" "+number, func() discovery.Resolver {
			port, _ := strconv.Atoi(number)
			return discovery.DNS(discovery.DNSConfig{Port: port})
		})
	case settings.SRVDiscovery:
		name := d.PortName
		if name == "" {
			name = base.Scheme
		}
		return r.builtIn(d.Type+" "+name, func() discovery.Resolver { return discovery.SRV(discovery.SRVConfig{Service: name}) })
	default:
		return r.named[d.Type]
	}
}

// builtIn returns a resolver that clients share, so that they share its watches. The
// caller holds the lock.
func (r *Resolvers) builtIn(key string, make func() discovery.Resolver) discovery.Resolver {
	if r.shared == nil {
		r.shared = map[string]discovery.Resolver{}
	}
	if r.shared[key] == nil {
		r.shared[key] = make()
	}
	return r.shared[key]
}

// Watches are those of all clients, which [Resolvers.Close] ends.
func (r *Resolvers) Watches(logger *slog.Logger) *watcher.Group {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.group == nil {
		r.group = watcher.New(context.Background(), logger)
	}
	return r.group
}

// Close ends the watches. Resolvers have a moment to return even if ctx is done.
func (r *Resolvers) Close(ctx context.Context) error {
	r.mu.Lock()
	group := r.group
	r.group = nil
	r.mu.Unlock()
	if group == nil {
		return nil
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
	}
	if err := group.Close(ctx); err != nil {
		return fmt.Errorf("a resolver of discovery did not return when its context ended: %w", err)
	}
	return nil
}
