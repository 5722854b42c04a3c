// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

var soak = flag.Duration("soak", 5*time.Second, "how long the soak takes")

// settings are those of BinClient, which another file replaces every second.
const settings = `
pyfly:
  client:
    default: { timeout: %dms, total-timeout: 1500ms }
    retry: { base-delay: %dms, max-attempts: %d, jitter: full }
    services:
      bin-client:
        base-url: %s
        headers: { X-Generation: "%d" }
        bulkhead: { max-concurrent: %d, max-queue: 100 }
        circuit-breaker: { recovery-timeout: 50ms, sliding-window: count, failure-rate: 0.8, scope: %s }
        hedge: { enabled: %t, delay: 60ms }
        stale-if-error: { max-age: 1s, max-size: 1MiB }
`

// soaked is an application whose settings change all the time: so does the proxy that
// it reaches its service by, each of which misbehaves in a way of its own.
type soaked struct {
	file    string
	urls    []string // of the proxies
	app     *container.ApplicationContext
	bin     *BinClient
	reloads int
	twice   int // orders that were done twice
}

func newSoaked(t *testing.T, urls []string) *soaked {
	t.Helper()
	s := &soaked{file: filepath.Join(t.TempDir(), "pyfly.yaml"), urls: urls}
	s.change(t)
	cfg, err := config.Load(config.File(s.file))
	if err != nil {
		t.Fatal(err)
	}
	s.app = container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(cfg))
	s.app.Install(client.Module())
	client.Register[BinClient](s.app)
	if err := s.app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.bin = container.Must(container.Get[*BinClient](s.app))
	return s
}

// change writes other settings into the file, which the application watches.
func (s *soaked) change(t *testing.T) {
	t.Helper()
	s.reloads++
	scope := []string{"client", "method", "host"}[s.reloads%3]
	text := fmt.Sprintf(settings, 200+rand.IntN(100), 10+rand.IntN(20), 1+s.reloads%4, s.urls[s.reloads%len(s.urls)], s.reloads, concurrency-s.reloads%7, scope, s.reloads%2 == 0)
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}

// tally counts what callers see.
type tally struct{ calls, failed, untyped, late atomic.Int64 }

func (s *soaked) call(seen *tally, worker, n int) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), totalTimeout)
	defer cancel()
	var err error
	if n%2 == 0 {
		_, err = s.bin.Get(ctx, n%50)
	} else {
		_, err = s.bin.Post(ctx, http.Header{"X-Order": {fmt.Sprintf("%d-%d", worker, n)}}, "an order")
	}
	seen.calls.Add(1)
	if err != nil {
		seen.failed.Add(1)
		if !errors.As(err, new(*client.Error)) {
			seen.untyped.Add(1)
		}
	}
	if time.Since(begun) > totalTimeout+5*slack { // the callers keep the machine busy
		seen.late.Add(1)
	}
}

// TestSoak calls a service through a network that misbehaves in another way every
// second, with settings that change every second.
func TestSoak(t *testing.T) {
	w := newWorld(t)
	s := newSoaked(t, w.proxies(t))
	before := goroutines()
	ctx, cancel := context.WithTimeout(t.Context(), *soak)
	defer cancel()
	var seen tally
	var callers sync.WaitGroup
	for worker := range concurrency {
		callers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				s.call(&seen, worker, n)
			}
		})
	}
	atFirst := s.weather(ctx, t, w)
	callers.Wait()

	stats := s.idle()
	t.Logf("%d calls, %d failed, %d retries, %d hedges, %d old responses, %d reloads", stats.Calls, stats.Failures, stats.Retries, stats.Hedges, stats.StaleAnswers, s.reloads)
	if n := s.twice + w.duplicates(); n > 0 {
		t.Errorf("%d orders were done twice", n)
	}
	if stats.Calls != seen.calls.Load() || stats.Failures != seen.failed.Load() || stats.InFlight != 0 {
		t.Errorf("callers saw %d calls and %d failures, statistics %+v", seen.calls.Load(), seen.failed.Load(), stats)
	}
	if seen.untyped.Load() > 0 || seen.late.Load() > 0 {
		t.Errorf("%d errors are no *client.Error, %d calls were late", seen.untyped.Load(), seen.late.Load())
	}
	if grown := int64(heap()) - int64(atFirst); atFirst > 0 && grown > 4<<20 {
		t.Errorf("the heap has grown by %d KiB over %d reloads", grown>>10, s.reloads)
	}
	if err := s.app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	w.server.CloseClientConnections()
	if n := leftOver(before); n > 0 {
		t.Errorf("%d goroutines are left\n%s", n, stacks())
	}
}

// idle returns the statistics when no leg of a hedge is under way any more.
func (s *soaked) idle() client.ClientStats {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(3 * time.Second)
	for {
		stats := client.Stats(s.app)[0]
		if stats.InFlight == 0 {
			return stats
		}
		select {
		case <-tick.C:
		case <-deadline:
			return stats
		}
	}
}

// weather changes the settings, and with them the network, every second, and returns the heap
// after each kind of weather has been there twice.
func (s *soaked) weather(ctx context.Context, t *testing.T, w *world) (atFirst uint64) {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return atFirst
		case <-tick.C:
			s.change(t)
			s.twice += w.forget(100_000) // in memory that does not grow
			if n == 2*len(toxics) {
				atFirst = heap()
			}
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
