// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
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

type ownedClient struct {
	client.ServiceClient `url:"http://owned.invalid" name:"owned" retry-base-delay:"1h"`

	Get      func(ctx context.Context) (string, error)                 `get:"/"`
	Put      func(ctx context.Context, body io.Reader) (string, error) `put:"/"`
	Download func(ctx context.Context) (io.ReadCloser, error)          `get:"/file"`
}

// startOwned starts an application with a client behind a port that answers by
// respond. Stopping it takes ten seconds at most.
func startOwned(t *testing.T, settings map[string]any, respond portFunc, calls ...client.CallInterceptor) (*container.ApplicationContext, *ownedClient) {
	t.Helper()
	all := map[string]any{"pyfly.context.shutdown-timeout": "10s"}
	for key, value := range settings {
		all["pyfly.client.services.owned."+key] = value
	}
	app := container.NewApplicationContext(container.WithConfig(config.New(all)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return respond, nil })))
	for _, call := range calls {
		app.Register(func() client.CallInterceptor { return call })
	}
	client.Register[ownedClient](app)
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return app, container.Must(container.Get[*ownedClient](app))
}

// sends makes a port of what reads the request's body, as a transport does.
func sends(response func(r *http.Request) *http.Response) portFunc {
	return func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			defer func() { _ = r.Body.Close() }()
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return nil, err
			}
		}
		return response(r), nil
	}
}

func ok(*http.Request) *http.Response { return answer(200, "ok") }

type readerFunc func() (int, error)

func (r readerFunc) Read([]byte) (int, error) { return r() }

func TestABodyThatBlocksEndsWithItsAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, map[string]any{"timeout": "2s"}, sends(ok))
		reader, writer := io.Pipe()
		begun := time.Now()
		_, err := c.Put(context.Background(), reader)
		if took := time.Since(begun); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", took, err)
		}
		_ = writer.Close() // the reader returns
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestStopEndsABodyThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, map[string]any{"timeout": "0s"}, sends(ok))
		reader, writer := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			_, err := c.Put(context.Background(), reader)
			ended <- err
		}()
		synctest.Wait()
		begun := time.Now()
		_ = app.Stop(context.Background())
		if err := <-ended; !errors.Is(err, client.ErrStopped) || time.Since(begun) > 11*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		_ = writer.Close()
	})
}

func TestWhatTheCallersReaderDoesIsNoFailureOfTheService(t *testing.T) {
	errReader := errors.New("disk on fire")
	for name, read := range map[string]func() (int, error){
		"fails":            func() (int, error) { return 0, errReader },
		"panics":           func() (int, error) { panic(errReader) },
		"returns nonsense": func() (int, error) { return 1 << 20, errReader },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, c := startOwned(t, map[string]any{"circuit-breaker.failure-threshold": 1}, sends(ok))
				for range 3 {
					if _, err := c.Put(t.Context(), io.MultiReader(strings.NewReader("x"), readerFunc(read))); err == nil || errors.Is(err, kernel.ErrCircuitOpen) {
						t.Errorf("got %v", err)
					}
				}
				if state := c.CircuitBreaker().State(); state != client.StateClosed {
					t.Errorf("the circuit is %s", state)
				}
				if n := client.Stats(app)[0].Unavailable; n != 0 {
					t.Errorf("the service has failed in %d calls", n)
				}
				_ = app.Stop(context.Background())
			})
		})
	}
}

func TestStopEndsTheWaitForAnotherAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, nil, sends(func(*http.Request) *http.Response { return answer(503, "down") }))
		ended := make(chan error, 1)
		go func() {
			_, err := c.Get(context.Background())
			ended <- err
		}()
		synctest.Wait()
		begun := time.Now()
		_ = app.Stop(context.Background())
		if err := <-ended; !errors.Is(err, client.ErrStopped) || time.Since(begun) > 11*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

func TestStopEndsCallsOfAPortThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, map[string]any{"timeout": "0s"}, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ended := make(chan error, 1)
		go func() {
			_, err := c.Get(context.Background())
			ended <- err
		}()
		synctest.Wait()
		begun := time.Now()
		_ = app.Stop(context.Background())
		if err := <-ended; !errors.Is(err, client.ErrStopped) || time.Since(begun) > 11*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

// A reload takes the place of the engine that a call waits in.
func TestStopWaitsForCallsThatBeganBeforeAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		app, c := startOwned(t, map[string]any{"retry.base-delay": "5s"}, sends(func(*http.Request) *http.Response {
			if attempts++; attempts == 1 {
				return answer(503, "down")
			}
			return answer(200, "ok")
		}))
		ended := make(chan error, 1)
		go func() {
			_, err := c.Get(context.Background())
			ended <- err
		}()
		synctest.Wait()
		lifecycle.Publish(app.Events(), config.Changed{Config: config.New(map[string]any{"pyfly.client.services.owned.retry.base-delay": "1h"})})
		begun := time.Now()
		if err := app.Stop(context.Background()); err != nil || time.Since(begun) != 5*time.Second {
			t.Errorf("the stop took %s: %v", time.Since(begun), err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAStreamHoldsItsPlaceInTheBulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, map[string]any{"bulkhead.max-concurrent": 1}, sends(ok))
		stream, err := c.Download(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Download(t.Context()); !errors.Is(err, resilience.ErrBulkheadFull) {
			t.Errorf("a second stream: %v", err)
		}
		if _, err := c.Get(t.Context()); !errors.Is(err, resilience.ErrBulkheadFull) {
			t.Errorf("a call beside the stream: %v", err)
		}
		_ = stream.Close()
		synctest.Wait()
		if _, err := c.Get(t.Context()); err != nil {
			t.Errorf("after the stream: %v", err)
		}
		if b := client.Stats(app)[0].Bulkhead; b.Active != 0 {
			t.Errorf("%d places are taken", b.Active)
		}
		_ = app.Stop(context.Background())
	})
}

func TestAStreamThatBreaksIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, c := startOwned(t, nil, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("x"), brokenBody{}))}, nil
		})
		stream, err := c.Download(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, _ = io.ReadAll(stream)
		}
		_ = stream.Close()
		if s := client.Stats(app)[0]; s.Calls != 1 || s.Failures != 1 || s.Unavailable != 1 {
			t.Errorf("%d calls, %d failures, %d of the service", s.Calls, s.Failures, s.Unavailable)
		}
		_ = app.Stop(context.Background())
	})
}

func TestACallInterceptorMayRunACallTwiceWhoseBodyCannotBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		twice := func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				response, err := next(req)
				if err != nil {
					return nil, err
				}
				_ = response.Body.Close()
				return next(req)
			}
		}
		app, c := startOwned(t, nil, sends(ok), twice)
		if _, err := c.Put(t.Context(), io.MultiReader(strings.NewReader("x"))); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("got %v", err)
		}
		if _, err := c.Put(t.Context(), strings.NewReader("x")); err != nil {
			t.Errorf("a body that can be read again: %v", err)
		}
		_ = app.Stop(context.Background())
	})
}

// reloadOwned puts other settings in force.
func reloadOwned(app *container.ApplicationContext, settings map[string]any) {
	all := map[string]any{}
	for key, value := range settings {
		all["pyfly.client.services.owned."+key] = value
	}
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(all)})
}

func TestAPolicyThatAReloadRemovesIsForgotten(t *testing.T) {
	app, c := startOwned(t, map[string]any{"bulkhead.max-concurrent": 1, "methods.get.circuit-breaker.failure-threshold": 1}, sends(ok))
	if s := client.Stats(app)[0]; len(s.CircuitBreakers) != 2 || s.Bulkhead == nil {
		t.Fatalf("at first: %d circuit breakers, bulkhead %v", len(s.CircuitBreakers), s.Bulkhead)
	}
	reloadOwned(app, map[string]any{"circuit-breaker.enabled": false})
	if s := client.Stats(app)[0]; len(s.CircuitBreakers) != 0 || s.Bulkhead != nil || len(client.CircuitBreakers(app)) != 0 {
		t.Errorf("after the reload: %d circuit breakers, bulkhead %v", len(s.CircuitBreakers), s.Bulkhead)
	}
	if _, err := c.Get(t.Context()); err != nil {
		t.Error(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// A method and a host may have one name.
func TestTheCircuitBreakersOfMethodsAndHostsAreNotConfused(t *testing.T) {
	app, c := startOwned(t, map[string]any{
		"circuit-breaker.scope": "host", "methods.get.circuit-breaker.failure-threshold": 7, "methods.get.circuit-breaker.scope": "method",
	}, sends(func(*http.Request) *http.Response { return answer(503, "down") }))
	_, _ = c.Download(client.WithoutRetries(t.Context()))
	reloadOwned(app, map[string]any{
		"circuit-breaker.scope": "host", "circuit-breaker.failure-threshold": 1,
		"methods.get.circuit-breaker.failure-threshold": 7, "methods.get.circuit-breaker.scope": "method",
	})
	for range 6 {
		_, _ = c.Get(client.WithoutRetries(t.Context()))
	}
	for name, b := range client.CircuitBreakers(app) {
		if strings.HasSuffix(name, "/Get") && b.State() != client.StateClosed {
			t.Errorf("%s has the threshold of a host: it is %s", name, b.State())
		}
	}
	_ = app.Stop(context.Background())
}
