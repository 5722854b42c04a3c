// SPDX-License-Identifier: Apache-2.0

package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// transport is an authorization server without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return f(r)
}

var shop = oauth.Config{TokenURL: "http://auth/token", ClientID: "shop", ClientSecret: "s3cret"}

func response(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// authorization gives tokens t1, t2 and so on, which are valid for a time.
func authorization(validFor time.Duration) (server transport, given *atomic.Int32) {
	given = &atomic.Int32{}
	return func(*http.Request) (*http.Response, error) {
		body := fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer","expires_in":%d}`, given.Add(1), int(validFor.Seconds()))
		return response(200, "application/json", body), nil
	}, given
}

// newTokens makes a token source that is closed with the test.
func newTokens(t *testing.T, cfg oauth.Config, server http.RoundTripper) *oauth.Tokens {
	tokens := oauth.New(cfg, server, func() {})
	t.Cleanup(tokens.Close)
	return tokens
}

func want(t *testing.T, tokens *oauth.Tokens, want string) *oauth.Token {
	t.Helper()
	token, err := tokens.Get(t.Context())
	if err != nil || token.AccessToken != want {
		t.Fatalf("got %+v, %v; want %s", token, err, want)
	}
	return token
}

func TestWhatIsSentForAToken(t *testing.T) {
	cfg := shop
	cfg.Scopes, cfg.Audience = []string{"read", "write"}, "inventory"
	tokens := newTokens(t, cfg, transport(func(r *http.Request) (*http.Response, error) {
		id, secret, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		for _, want := range []string{"grant_type=client_credentials", "scope=read+write", "audience=inventory"} {
			if !strings.Contains(string(body), want) {
				t.Errorf("sent %s, want %s in it", body, want)
			}
		}
		if r.Method != http.MethodPost || r.URL.String() != cfg.TokenURL || id != "shop" || secret != "s3cret" {
			t.Errorf("%s %s by %s, %s", r.Method, r.URL, id, secret)
		}
		return response(200, "application/json", `{"access_token":"t1","token_type":"Bearer"}`), nil
	}))
	want(t, tokens, "t1")
}

func TestATokenIsFetchedOnceForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, given := authorization(time.Hour)
		tokens := newTokens(t, shop, transport(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second) // virtual
			return server(r)
		}))
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() { want(t, tokens, "t1") })
		}
		wg.Wait()
		if n := given.Load(); n != 1 {
			t.Errorf("%d tokens were given", n)
		}
	})
}

func TestATokenIsReplacedBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := authorization(time.Minute)
		tokens := newTokens(t, shop, server)
		want(t, tokens, "t1")
		time.Sleep(45 * time.Second) // virtual
		want(t, tokens, "t1")
		time.Sleep(10 * time.Second) // virtual
		want(t, tokens, "t2")
	})
}

func TestATokenThatIsForgottenIsReplacedOnce(t *testing.T) {
	server, _ := authorization(time.Hour)
	tokens := newTokens(t, shop, server)
	first := want(t, tokens, "t1")
	tokens.Forget(first)
	want(t, tokens, "t2")
	tokens.Forget(first) // by another who had it
	want(t, tokens, "t2")
}

func TestATokenThatCannotBeSentIsNone(t *testing.T) {
	tokens := newTokens(t, shop, transport(func(*http.Request) (*http.Response, error) {
		return response(200, "application/json", `{"access_token":"a\r\nX-Admin: 1","token_type":"Bearer","expires_in":3600}`), nil
	}))
	token, err := tokens.Get(t.Context())
	if failed := (*oauth.Error)(nil); token != nil || !errors.As(err, &failed) || strings.Contains(err.Error(), "X-Admin") {
		t.Errorf("got %v, %v", token, err)
	}
}

// hanging gives no token until it may go on, or the request is cancelled.
func hanging(goOn chan struct{}) transport {
	server, _ := authorization(time.Hour)
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-goOn:
			return server(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// get gets a token on a goroutine of its own.
func get(ctx context.Context, tokens *oauth.Tokens) <-chan error {
	ended := make(chan error, 1)
	go func() { _, err := tokens.Get(ctx); ended <- err }()
	return ended
}

func TestCloseEndsTheWaitForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isClosed := false
		tokens := oauth.New(shop, hanging(nil), func() { isClosed = true })
		first := get(t.Context(), tokens)
		synctest.Wait()
		second := get(t.Context(), tokens) // waits for the first
		synctest.Wait()
		tokens.Close()
		for _, ended := range []<-chan error{first, second, get(t.Context(), tokens)} {
			if err := <-ended; !errors.Is(err, port.ErrStopped) || errors.As(err, new(*oauth.Error)) {
				t.Errorf("got %v, want port.ErrStopped", err)
			}
		}
		if !isClosed {
			t.Error("the connections were not closed")
		}
	})
}

func TestAFetchThatIsCancelledIsTheNextOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		tokens := newTokens(t, shop, hanging(goOn))
		ctx, cancel := context.WithCancel(t.Context())
		first := get(ctx, tokens)
		synctest.Wait()
		second := get(t.Context(), tokens)
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) || errors.As(err, new(*oauth.Error)) {
			t.Errorf("the first: %v", err)
		}
		close(goOn)
		if err := <-second; err != nil {
			t.Errorf("the second: %v", err)
		}
	})
}

func TestAServerThatIsNotThereIsKnown(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	tokens := newTokens(t, shop, transport(func(*http.Request) (*http.Response, error) { return nil, dial }))
	_, err := tokens.Get(t.Context())
	if !errors.Is(err, dial) || !port.IsNotSent(err) || strings.Contains(err.Error(), "http://auth") {
		t.Errorf("got %v", err)
	}
}

// TestAFailureIsShared lets twenty callers need a token while the authorization
// server takes its time to refuse.
func TestAFailureIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		tokens := newTokens(t, shop, transport(func(*http.Request) (*http.Response, error) {
			requests++
			time.Sleep(200 * time.Millisecond) // virtual
			return response(503, "text/plain", "no"), nil
		}))
		begun := time.Now()
		var callers []<-chan error
		for range 20 {
			callers = append(callers, get(t.Context(), tokens))
		}
		for _, ended := range callers {
			if err := <-ended; !errors.As(err, new(*oauth.Error)) {
				t.Errorf("got %v", err)
			}
		}
		if requests > 2 || time.Since(begun) > 400*time.Millisecond { // with the secret in the header, and in the body
			t.Errorf("%d requests took %s", requests, time.Since(begun))
		}
	})
}

func TestAFetchOutlastsTheCallerWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		tokens := newTokens(t, shop, hanging(goOn))
		ctx, cancel := context.WithCancel(t.Context())
		first := get(ctx, tokens)
		synctest.Wait()
		second := get(t.Context(), tokens)
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first got %v", err)
		}
		close(goOn)
		if err := <-second; err != nil {
			t.Errorf("the second got %v", err)
		}
	})
}

func TestATransportThatPanicsOrHangsHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := oauth.New(shop, transport(func(*http.Request) (*http.Response, error) { panic("boom") }), func() {})
		if _, err := tokens.Get(t.Context()); err == nil {
			t.Error("a panic gave a token")
		}
		tokens.Close()
		end := make(chan struct{})
		tokens = oauth.New(shop, transport(func(*http.Request) (*http.Response, error) { <-end; return nil, errors.New("late") }), func() {})
		caller := get(t.Context(), tokens)
		synctest.Wait()
		tokens.Close()
		if err := <-caller; !errors.Is(err, port.ErrStopped) {
			t.Errorf("got %v", err)
		}
		close(end)
	})
}
