// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// cache holds the caches of all clients. It owns the goroutines that revalidate
// in the background.
type cache struct {
	logger  *slog.Logger
	events  *lifecycle.Events
	metrics *metrics

	background sync.WaitGroup
	ctx        context.Context // of the background; done when the cache has stopped
	cancel     context.CancelFunc

	mu          sync.Mutex // guards what follows
	config      *config.Config
	clients     map[string]*clientCache
	isStopped   bool
	unsubscribe func()
}

var (
	_ lifecycle.Starter = (*cache)(nil)
	_ lifecycle.Stopper = (*cache)(nil)
)

// newCache checks the settings of all clients that have some.
func newCache(p parameters) (*cache, error) {
	if err := checkSettings(p.Config); err != nil {
		return nil, err
	}
	c := &cache{
		logger: p.Logger, events: p.Events, config: p.Config, clients: map[string]*clientCache{},
		metrics: newMetrics(p.Meters, p.Logger), unsubscribe: func() {},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Start follows changes of the settings. The clients have subscribed before, so
// that they have the new settings when their old responses are removed. The
// clients stop before the cache, and wait for what it has under way: so that ends
// when the context begins to stop.
func (c *cache) Start(context.Context) error {
	settings := lifecycle.Subscribe(c.events, c.apply)
	closed := lifecycle.Subscribe(c.events, func(lifecycle.ContextClosed) { c.close() })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsubscribe = func() { settings(); closed() }
	return nil
}

// close ends what goes on in the background. Calls are served as before, but
// nothing begins in the background any more.
func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isStopped = true
	c.cancel()
}

// Stop waits until nothing goes on in the background.
func (c *cache) Stop(ctx context.Context) error {
	c.close()
	c.mu.Lock()
	unsubscribe := c.unsubscribe
	c.mu.Unlock()
	unsubscribe()
	ended := make(chan struct{})
	go func() {
		c.background.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.New("requests that revalidate cached responses go on although their context is done")
	}
}

// run runs a function in the background, with the values of a context. It reports
// whether the cache has not stopped.
func (c *cache) run(values context.Context, fn func(ctx context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isStopped {
		return false
	}
	c.background.Go(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(values))
		defer cancel()
		defer context.AfterFunc(c.ctx, cancel)()
		if err := usercode.Call(func() error { fn(ctx); return nil }); err != nil {
			c.logger.Error("a cached response was not revalidated", "error", err)
		}
	})
	return true
}

// of returns the cache of a client.
func (c *cache) of(name string) *clientCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.clients[name]
	if of == nil {
		s, err := resolveSettings(c.config, name)
		if err != nil { // it has been found before
			s = &settings{}
		}
		of = newClientCache(c, name, s)
		c.clients[name] = of
	}
	return of
}

// all returns the caches of all clients that have been called.
func (c *cache) all() []*clientCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*clientCache, 0, len(c.clients))
	for _, of := range c.clients {
		all = append(all, of)
	}
	return all
}

// apply applies changed settings, unless they are wrong. It removes all stored
// responses: any setting may change what the clients send, and where to.
func (c *cache) apply(change config.Changed) {
	if err := checkSettings(change.Config); err != nil {
		c.logger.Error("changed settings of caches are wrong and change nothing", "error", err)
	} else {
		c.mu.Lock()
		c.config = change.Config
		c.mu.Unlock()
	}
	for _, of := range c.all() {
		if s, err := resolveSettings(change.Config, of.name); err == nil {
			of.settings.Store(s)
		}
		of.clear()
	}
}
