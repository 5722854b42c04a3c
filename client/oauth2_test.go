// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/nettest"
	"github.com/pyfly-go/pyfly/kernel"
)

// authorizationServer gives tokens t1, t2 and so on.
func authorizationServer(t *testing.T, expiresIn int) (s *server, given *atomic.Int32) {
	t.Helper()
	given = &atomic.Int32{}
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "shop" || secret != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","expires_in":%d}`, given.Add(1), expiresIn)
	})
	return s, given
}

type guardedClient struct {
	client.HttpClient `url:"http://guarded.invalid" name:"guarded"`

	Get  func(ctx context.Context) (string, error)                 `get:"/"`
	Post func(ctx context.Context, body string) (string, error)    `post:"/" content-type:"text/plain"`
	Put  func(ctx context.Context, body io.Reader) (string, error) `put:"/"`
}

func newGuarded(t *testing.T, service, auth string, more ...any) *guardedClient {
	t.Helper()
	const own = "pyfly.client.services.guarded.auth.oauth2."
	return wireBy[guardedClient](t, over("guarded", service, append([]any{
		own + "token-url", auth, own + "client-id", "shop", own + "client-secret", "s3cret",
		own + "scopes", []any{"read", "write"}, own + "audience", "inventory"}, more...)...))
}

func TestATokenIsFetchedOnceForMany(t *testing.T) {
	auth, given := authorizationServer(t, 3600)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	c := newGuarded(t, s.URL, auth.URL)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if got, err := c.Get(t.Context()); err != nil || got != "Bearer t1" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if given.Load() != 1 {
		t.Errorf("%d tokens were given", given.Load())
	}
	if request := auth.last(t); !strings.Contains(request.Body, "scope=read+write") || !strings.Contains(request.Body, "audience=inventory") ||
		!strings.Contains(request.Body, "grant_type=client_credentials") {
		t.Errorf("asked for it with %q", request.Body)
	}
}

func TestATokenThatIsRejectedIsReplacedOnce(t *testing.T) {
	auth, given := authorizationServer(t, 3600)
	good := "Bearer t2"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != good {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	})
	c := newGuarded(t, s.URL, auth.URL)
	if got, err := c.Post(t.Context(), "hello"); err != nil || got != "hello" || given.Load() != 2 || len(s.seen()) != 2 {
		t.Errorf("got %q, %v after %d tokens and %d requests", got, err, given.Load(), len(s.seen()))
	}
	good = "none"
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrAuthentication) || given.Load() != 3 || len(s.seen()) != 4 {
		t.Errorf("%v after %d tokens and %d requests", err, given.Load(), len(s.seen()))
	}
	if _, err := c.Put(t.Context(), io.LimitReader(strings.NewReader("x"), 1)); !errors.Is(err, client.ErrAuthentication) || len(s.seen()) != 5 {
		t.Errorf("a body that cannot be repeated: %v after %d requests", err, len(s.seen()))
	}
}

func TestACallWithoutATokenIsNotSent(t *testing.T) {
	auth := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
	s := serve(t, nil)
	c := newGuarded(t, s.URL, auth.URL)
	_, err := c.Get(t.Context())
	if !errors.Is(err, client.ErrAuthentication) || strings.Contains(err.Error(), "s3cret") || len(s.seen()) != 0 {
		t.Errorf("got %v after %d requests", err, len(s.seen()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWrongOAuth2Settings(t *testing.T) {
	const own = "pyfly.client.services.guarded.auth."
	for want, settings := range map[string]map[string]any{
		"token-url":                       {own + "oauth2.token-url": "auth", own + "oauth2.client-id": "x"},
		"client-id":                       {own + "oauth2.token-url": "http://auth/token"},
		"one of bearer, basic and oauth2": {own + "oauth2.token-url": "http://auth/token", own + "oauth2.client-id": "x", own + "bearer.token": "t", own + "basic.username": "u"},
	} {
		p := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(settings)))
		if _, err := p.AfterInit(client.NewStub[guardedClient](), "client"); !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestATokenThatCannotBeSentIsNone(t *testing.T) {
	auth := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, 200, map[string]any{"access_token": "a\r\nX-Admin: 1", "token_type": "Bearer", "expires_in": 3600})
	})
	s := serve(t, nil)
	c := newGuarded(t, s.URL, auth.URL)
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrAuthentication) || strings.Contains(err.Error(), "X-Admin") || len(s.seen()) != 0 {
		t.Errorf("got %v after %d requests", err, len(s.seen()))
	}
}

func TestTheDefaultTransportMayBeOfAnotherType(t *testing.T) {
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = countingTransport{before, &atomic.Int32{}}
	auth, _ := authorizationServer(t, 3600)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	if got, err := newGuarded(t, s.URL, auth.URL).Get(t.Context()); got != "Bearer t1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// hangingAuthorization gives no token until it is told to.
func hangingAuthorization(t *testing.T) (url string, arrived, goOn chan struct{}) {
	t.Helper()
	arrived, goOn = make(chan struct{}, 10), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-goOn:
			writeJSON(w, 200, map[string]any{"access_token": "t1", "token_type": "Bearer", "expires_in": 3600})
		case <-r.Context().Done():
		}
	})
	return s.URL, arrived, goOn
}

func TestStopEndsTheWaitForAToken(t *testing.T) {
	auth, arrived, _ := hangingAuthorization(t)
	const own = "pyfly.client.services.guarded."
	p := client.NewHttpClientBeanPostProcessor(client.WithLogger(slog.New(slog.DiscardHandler)), client.WithConfig(config.New(map[string]any{
		own + "base-url": "http://guarded.invalid", own + "auth.oauth2.token-url": auth, own + "auth.oauth2.client-id": "shop", own + "timeout": "1h",
	})))
	bean, err := p.AfterInit(client.NewStub[guardedClient](), "guarded")
	if err != nil {
		t.Fatal(err)
	}
	c := bean.(*guardedClient)
	ends := make(chan error, 2)
	call := func() { _, err := c.Get(context.Background()); ends <- err }
	go call()
	<-arrived
	go call() // waits for the first
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = p.Stop(ctx)
	for range 2 {
		if err := <-ends; !errors.Is(err, client.ErrStopped) || errors.Is(err, client.ErrAuthentication) {
			t.Errorf("got %v, want client.ErrStopped", err)
		}
	}
}

func TestTheBodyOfARejectionIsReadSoThatTheConnectionServesAgain(t *testing.T) {
	auth, _ := authorizationServer(t, 3600)
	var mu sync.Mutex
	n := 0
	s, connections := nettest.CountingServer(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(strings.Repeat("rejected", 5000))
		}
	})
	if _, err := newGuarded(t, s.URL, auth.URL).Get(t.Context()); err != nil || connections.Load() != 1 {
		t.Errorf("%d connections, %v", connections.Load(), err)
	}
}
