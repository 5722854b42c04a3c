// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// change publishes settings as the files' would be.
func change(app *container.ApplicationContext, settings map[string]any) {
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(settings)})
}

// startBoutique starts an application with a client over ports of a factory.
func startBoutique(t *testing.T, settings map[string]any, opts ...client.Option) (*container.ApplicationContext, *boutique) {
	t.Helper()
	app := newApp(settings, opts...)
	client.Register[boutique](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return app, getBean[boutique](t, app)
}

func TestChangedSettingsKeepWhatTheBreakerKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := func(threshold int, more ...any) map[string]any {
			return shopSettings(append([]any{"retry.enabled", false, "circuit-breaker.failure-threshold", threshold, "circuit-breaker.recovery-timeout", "1m"}, more...)...)
		}
		made := 0
		app, c := startBoutique(t, settings(5), client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			made++
			return portFunc(func(*http.Request) (*http.Response, error) { return answer(500, ""), nil }), nil
		}))
		breaker := c.CircuitBreaker()
		for range 2 {
			_, _ = c.Get(t.Context(), "1")
		}
		change(app, settings(3))
		if _, err := c.Get(t.Context(), "1"); errors.Is(err, kernel.ErrCircuitOpen) {
			t.Error(err)
		}
		if breaker.State() != resilience.StateOpen || c.CircuitBreaker() != breaker {
			t.Errorf("the breaker is %s: it has forgotten two failures", breaker.State())
		}
		change(app, settings(3, "headers.x-a", "1"))
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, kernel.ErrCircuitOpen) || made != 2 {
			t.Errorf("after a new port: %v; %d ports", err, made)
		}
		change(app, settings(0))
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, kernel.ErrCircuitOpen) || breaker.State() != resilience.StateOpen {
			t.Errorf("after wrong settings: %v", err)
		}
		if s := client.Stats(app); s[0].Calls != 5 || s[0].Rejected != 2 {
			t.Errorf("the counters began anew: %+v", s[0])
		}
	})
}

// countingPort answers after a while, and counts.
type countingPort struct {
	base          string
	sent, stopped atomic.Int32
}

func (p *countingPort) Request(r *http.Request) (*http.Response, error) {
	p.sent.Add(1)
	if p.stopped.Load() > 0 {
		return nil, client.ErrStopped
	}
	return answersAfter(time.Second, 200)(r)
}
func (p *countingPort) Start(context.Context) error { return nil }
func (p *countingPort) Stop(context.Context) error  { p.stopped.Add(1); return nil }

func TestTheBaseURLCanChangeWhileCallsAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ports []*countingPort
		app, c := startBoutique(t, shopSettings("base-url", "http://one.invalid"), client.WithFactory(func(cfg client.PortConfig) (client.HttpClientPort, error) {
			ports = append(ports, &countingPort{base: cfg.BaseURL})
			return ports[len(ports)-1], nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var calls atomic.Int32
		for i := range 10 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 70 * time.Millisecond) // virtual
				for ctx.Err() == nil {
					if _, err := c.Get(t.Context(), "1"); err != nil {
						t.Error(err)
					}
					calls.Add(1)
				}
			})
		}
		for _, base := range []string{"http://two.invalid", "http://three.invalid"} {
			time.Sleep(1500 * time.Millisecond)
			change(app, shopSettings("base-url", base))
		}
		stream, err := c.Stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		change(app, shopSettings("base-url", "http://four.invalid"))
		time.Sleep(3 * time.Second)
		cancel()
		wg.Wait()
		synctest.Wait()
		if len(ports) != 4 || ports[0].stopped.Load() != 1 || ports[1].stopped.Load() != 1 || ports[3].stopped.Load() != 0 || ports[3].sent.Load() == 0 {
			t.Errorf("%d ports", len(ports))
		}
		if ports[2].stopped.Load() != 0 {
			t.Error("a port was stopped under a stream")
		}
		if text, err := io.ReadAll(stream); !strings.Contains(string(text), "rake") || err != nil {
			t.Errorf("the stream: %q, %v", text, err)
		}
		_ = stream.Close()
		synctest.Wait()
		if ports[2].stopped.Load() != 1 {
			t.Error("the port of the stream was not stopped after it")
		}
		if stats := client.Stats(app); stats[0].BaseURL != "http://four.invalid" || stats[0].Calls != int64(calls.Load())+1 {
			t.Errorf("%+v for %d calls", stats[0], calls.Load())
		}
	})
}

func TestStopEndsReplacedPortsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ports []*countingPort
		app, c := startBoutique(t, nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			ports = append(ports, &countingPort{})
			return ports[len(ports)-1], nil
		}))
		stream, err := c.Stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		change(app, shopSettings("timeout", "5s"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = app.Stop(ctx) // the stream is still open
		if len(ports) != 2 || ports[0].stopped.Load() == 0 || ports[1].stopped.Load() == 0 {
			t.Errorf("of %d ports %d and %d stopped", len(ports), ports[0].stopped.Load(), ports[1].stopped.Load())
		}
		_ = stream.Close()
	})
}

func TestAChangedFileReachesTheClients(t *testing.T) {
	one, two := serve(t, nil), serve(t, nil)
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	point := func(url string) {
		t.Helper()
		content := "pyfly: {client: {services: {shop: {base-url: \"" + url + "\"}}}}\n"
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	point(one.URL)
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[boutique](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := getBean[boutique](t, app)
	deadline, again := time.After(10*time.Second), time.NewTicker(300*time.Millisecond)
	defer again.Stop()
	for point(two.URL); len(two.seen()) == 0; {
		if _, err := c.Get(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-again.C:
			point(two.URL)
		case <-deadline:
			t.Fatal("the change did not reach the client")
		default:
		}
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestChangedSettingsReachAClientWhosePortCannotBeCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := func(timeout string) map[string]any {
			return shopSettings("retry.enabled", false, "methods.search.timeout", timeout)
		}
		app, c := startBoutique(t, settings("10s"), client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			return answersAfter(time.Hour, 200), nil
		}))
		change(app, settings("2s"))
		begun := time.Now()
		if _, err := c.Search(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 2*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}
