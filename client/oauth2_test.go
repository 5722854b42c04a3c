// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
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

func TestATokenIsReplacedBeforeItExpires(t *testing.T) {
	auth, given := authorizationServer(t, 5) // seconds, which is too near
	s := serve(t, nil)
	c := newGuarded(t, s.URL, auth.URL)
	for range 2 {
		if _, err := c.Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if given.Load() != 2 {
		t.Errorf("%d tokens were given", given.Load())
	}
}

func TestATokenThatIsRefusedIsReplacedOnce(t *testing.T) {
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
