// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestARestartUnderLoad restarts two processes of examples/service, one after the
// other, behind a balancer that distributes connections by readiness, as a service
// of Kubernetes does.
func TestARestartUnderLoad(t *testing.T) {
	t.Parallel()
	service := buildService(t)
	t.Run("loses no request", func(t *testing.T) {
		t.Parallel()
		l := service.restart(t, "1s")
		if failures := l.failures(); len(failures) > 0 {
			t.Errorf("%d of %d requests were lost: %v", len(failures), l.served.Load(), failures[0])
		}
	})
	t.Run("would lose some without a delay", func(t *testing.T) {
		t.Parallel()
		if l := service.restart(t, "0s"); len(l.failures()) == 0 {
			t.Errorf("all of %d requests were served", l.served.Load())
		}
	})
}

// restart restarts all replicas with the given shutdown delay, under load.
func (s builtService) restart(t *testing.T, delay string) *load {
	t.Helper()
	inventory := httptest.NewServer(http.HandlerFunc(serveInventory))
	t.Cleanup(inventory.Close)
	b := newBalancer(t)
	var replicas []*replica
	for range 2 {
		r := s.run(t, inventory.URL, delay)
		b.add(t, r)
		replicas = append(replicas, r)
	}
	l := startLoad(t, "http://"+b.listener.Addr().String())
	for _, old := range replicas {
		l.awaitMore(t, 50)
		old.stop(t)
		b.add(t, s.run(t, inventory.URL, delay))
	}
	l.awaitMore(t, 50)
	l.stop()
	return l
}

// slowly is how long the inventory takes for the product "slow". Requests for it
// are under way whenever a replica is stopped.
const slowly = 700 * time.Millisecond

func serveInventory(w http.ResponseWriter, r *http.Request) {
	took := 2 * time.Millisecond
	if body, _ := io.ReadAll(r.Body); strings.Contains(string(body)+r.URL.Path, "slow") {
		took = slowly
	}
	select {
	case <-time.After(took):
	case <-r.Context().Done():
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"id":"r-1","product_id":"p-1","quantity":7}`)
}

// load are callers that send one request after another.
type load struct {
	url    string
	client *http.Client
	served atomic.Int64
	end    context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	failed []error
}

func startLoad(t *testing.T, url string) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{url: url, end: cancel, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10}}}
	for caller := range 8 {
		product := fmt.Sprintf("p-%d", caller)
		if caller < 2 {
			product = "slow"
		}
		l.wg.Go(func() { l.call(ctx, product) })
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.end()
	l.wg.Wait()
	l.client.CloseIdleConnections()
}

// call sends orders, which nobody may repeat, and requests for products, in turn.
// Those that are under way when the load ends may finish.
func (l *load) call(ctx context.Context, product string) {
	order := fmt.Sprintf(`{"product_id":%q,"quantity":1}`, product)
	for i := 0; ctx.Err() == nil; i++ {
		method, path, body, want := http.MethodPost, "/orders", order, http.StatusCreated
		if i%2 == 1 {
			method, path, body, want = http.MethodGet, "/products/"+product, "", http.StatusOK
		}
		if err := l.send(method, path, body, want); err != nil {
			l.mu.Lock()
			l.failed = append(l.failed, fmt.Errorf("%s %s: %w", method, path, err))
			l.mu.Unlock()
		}
		l.served.Add(1)
	}
}

func (l *load) send(method, path, body string, want int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, l.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	response, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

// awaitMore waits until n more requests have been served.
func (l *load) awaitMore(t *testing.T, n int64) {
	t.Helper()
	begin := l.served.Load()
	await(t, "requests are served", func() bool { return l.served.Load() >= begin+n })
}

func (l *load) failures() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// await polls until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(15 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited too long until %s", what)
		}
	}
}
