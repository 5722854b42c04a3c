// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// This file tests what goes on beside a call, and after it: interceptors that run
// it side by side or later, and hedges that lose.

func TestACallInterceptorMayRunACallSideBySide(t *testing.T) {
	begun, second := make(chan struct{}), make(chan struct{})
	c := startIntercepted(t, func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Run") == "first" {
			close(begun)
			<-second
		} else {
			defer close(second)
		}
		return answer(404, ""), nil
	}, func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			first := req.Clone(req.Context())
			first.Header.Set("X-Run", "first")
			var running sync.WaitGroup
			running.Go(func() {
				if _, err := next(first); !errors.Is(err, client.ErrNotFound) {
					t.Errorf("the first run: %v", err)
				}
			})
			<-begun
			response, err := next(req)
			running.Wait()
			return response, err
		}
	})
	var failed *client.Error
	if _, err := c.Get(t.Context(), "1"); !errors.As(err, &failed) || failed.Status != 404 || failed.Attempts != 2 {
		t.Errorf("got %v after %d attempts, want 2", err, failed.Attempts)
	}
}

// startInBackground starts an application whose interceptor hands each run of a
// call to run, and answers itself.
func startInBackground(t *testing.T, port portFunc, run func(func() error)) (*container.ApplicationContext, *intercepted) {
	t.Helper()
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[intercepted](app)
	app.Register(func() client.CallInterceptor {
		return func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				run(func() error {
					_, err := next(req)
					return err
				})
				return answer(200, `{"name":"rake"}`), nil
			}
		}
	})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return app, getBean[intercepted](t, app)
}

func TestStoppingWaitsForARunThatOutlastsItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var ended atomic.Bool
		app, c := startInBackground(t, func(*http.Request) (*http.Response, error) {
			<-release
			return answer(200, "{}"), nil
		}, func(run func() error) {
			go func() {
				if err := run(); err != nil {
					t.Error(err)
				}
				ended.Store(true)
			}()
			synctest.Wait()
		})
		if p, err := c.Get(t.Context(), "1"); err != nil || p.Name != "rake" {
			t.Errorf("got %v, %v", p, err)
		}
		var hasEnded bool
		go func() {
			if err := app.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			hasEnded = ended.Load()
		}()
		synctest.Wait()
		close(release)
		synctest.Wait()
		if !hasEnded {
			t.Error("the client stopped before the run had ended")
		}
	})
}

func TestARunMayBeginAfterItsCallButNotAfterTheClient(t *testing.T) {
	sent := 0
	var kept []func() error
	app, c := startInBackground(t, func(*http.Request) (*http.Response, error) {
		sent++
		return answer(200, "{}"), nil
	}, func(run func() error) { kept = append(kept, run, run) })
	if _, err := c.Get(t.Context(), "1"); err != nil || sent != 0 {
		t.Errorf("%v, %d sent", err, sent)
	}
	if err := kept[0](); err != nil || sent != 1 {
		t.Errorf("after the call: %v, %d sent", err, sent)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	var failed *client.Error
	if err := kept[1](); !errors.Is(err, client.ErrStopped) || !errors.As(err, &failed) || sent != 1 {
		t.Errorf("after the client has stopped: %v, %d sent", err, sent)
	}
}

// uploads sends what belongs to the caller.
type uploads struct {
	client.ServiceClient `url:"http://u.invalid" name:"shop"`

	Put func(ctx context.Context, h http.Header, body []byte) error `put:"/files"`
}

// The caller may change what he has passed as soon as his call has ended, though
// an attempt that has lost goes on.
func TestAHedgeThatLosesSendsWhatItWasGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var attempts atomic.Int32
		var body, header string
		c := wire[uploads](t, shopSettings("hedge.delay", "100ms"), portFunc(func(r *http.Request) (*http.Response, error) {
			if attempts.Add(1) > 1 {
				return answer(204, ""), nil
			}
			<-release
			read, err := io.ReadAll(r.Body)
			body, header = string(read), r.Header.Get("X-A")
			return answer(204, ""), err
		}))
		h, b := http.Header{"X-A": {"header"}}, []byte("body")
		if err := c.Put(t.Context(), h, b); err != nil || attempts.Load() != 2 {
			t.Errorf("%v after %d attempts", err, attempts.Load())
		}
		h["X-A"][0] = "changed"
		copy(b, bytes.Repeat([]byte("x"), len(b)))
		close(release)
		synctest.Wait()
		if body != "body" || header != "header" {
			t.Errorf("the attempt that lost sent the body %q and the header %q", body, header)
		}
	})
}

func TestNoHedgeBeginsAfterItsCall(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // what is begun last runs when its maker waits
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var hasEnded atomic.Bool
		app, c := startBoutique(t, shopSettings("hedge.delay", "100ms", "circuit-breaker.enabled", false),
			client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
				return portFunc(func(r *http.Request) (*http.Response, error) {
					if hasEnded.Load() {
						t.Error("an attempt began after its call had ended")
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				}), nil
			}))
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
			if e.Kind == client.EventHedgeStarted {
				cancel()
			}
		})
		if _, err := c.Get(ctx, "1"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		hasEnded.Store(true)
		synctest.Wait()
	})
}
