// SPDX-License-Identifier: Apache-2.0

package watcher_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// resolver is one whose Watch a test writes. Its pointer can be compared.
type resolver struct {
	watch     func(ctx context.Context, service string, update func([]discovery.Instance)) error
	onRefresh func(service string)

	mu      sync.Mutex
	watches []time.Time // when Watch was called
	now     func([]discovery.Instance)
}

func (r *resolver) Watch(ctx context.Context, service string, update func([]discovery.Instance)) error {
	r.mu.Lock()
	r.watches, r.now = append(r.watches, time.Now()), update
	r.mu.Unlock()
	return r.watch(ctx, service, update)
}

func (r *resolver) Refresh(service string) { r.onRefresh(service) }

// update is what the last Watch has been given.
func (r *resolver) update(instances ...discovery.Instance) {
	r.mu.Lock()
	update := r.now
	r.mu.Unlock()
	update(instances)
}

func (r *resolver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.watches)
}

// waits is a Watch that answers with instances, and then waits.
func waits(instances ...discovery.Instance) *resolver {
	return &resolver{watch: func(ctx context.Context, _ string, update func([]discovery.Instance)) error {
		update(instances)
		<-ctx.Done()
		return ctx.Err()
	}}
}

// silent is a resolver that answers when a test says so.
func silent() *resolver {
	return &resolver{watch: func(ctx context.Context, _ string, _ func([]discovery.Instance)) error {
		<-ctx.Done()
		return ctx.Err()
	}}
}

func at(addresses ...string) []discovery.Instance {
	instances := make([]discovery.Instance, len(addresses))
	for i, address := range addresses {
		instances[i].Address = address
	}
	return instances
}

// user subscribes to a service.
type user struct {
	*watcher.Subscription
	mu   sync.Mutex
	told []string // the addresses of each set, "a:80 b:80"
}

func (u *user) apply(instances []discovery.Instance) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var addresses []string
	for _, i := range instances {
		addresses = append(addresses, i.Address)
	}
	u.told = append(u.told, strings.Join(addresses, " "))
}

func (u *user) sets() []string {
	synctest.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.told
}

const grace = 30 * time.Second

func subscribe(g *watcher.Group, r discovery.Resolver, service string) *user {
	u := &user{}
	u.Subscription = g.Subscribe(watcher.Target{Name: "test", Resolver: r, Service: service}, grace, u.apply)
	return u
}

// log keeps what a group logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// count returns how many lines have all the words.
func (l *log) count(words ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
lines:
	for line := range strings.Lines(l.text.String()) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue lines
			}
		}
		n++
	}
	return n
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// test runs a test with a group in a synctest bubble.
func test(t *testing.T, run func(t *testing.T, g *watcher.Group, l *log)) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{}
		g := watcher.New(t.Context(), slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
		run(t, g, l)
		require.NoError(t, g.Close(t.Context()))
	})
}

// numbered returns n instances.
func numbered(n int) []discovery.Instance {
	instances := make([]discovery.Instance, n)
	for i := range instances {
		instances[i].Address = fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&0xff, i&0xff)
	}
	return instances
}
