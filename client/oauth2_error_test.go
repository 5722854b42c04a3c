// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
)

func TestATokenRequestIsNotRedirected(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, isOther := range map[string]bool{"another host": true, "the same host": false} {
			t.Run(fmt.Sprintf("%d to %s", status, name), func(t *testing.T) {
				other := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"access_token":"stolen","token_type":"Bearer"}`)
				})
				auth := serve(t, func(w http.ResponseWriter, r *http.Request) {
					location := "/elsewhere"
					if isOther {
						location = other.URL + "/token?client_secret=s3cret"
					}
					http.Redirect(w, r, location, status)
				})
				s := serve(t, nil)
				c := newGuarded(t, s.URL, auth.URL+"/token")
				_, err := c.Get(t.Context())
				host := strings.TrimPrefix(auth.URL, "http://")
				if isOther {
					host = strings.TrimPrefix(other.URL, "http://")
				}
				if !errors.Is(err, client.ErrAuthentication) || !strings.Contains(err.Error(), host) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got %v, want an error that names %s", err, host)
				}
				if len(other.seen()) != 0 || len(s.seen()) != 0 {
					t.Errorf("the other host saw %+v, the service %+v", other.seen(), s.seen())
				}
				for _, request := range auth.seen() {
					if request.Path != "/token" {
						t.Errorf("the redirect was followed to %s", request.Path)
					}
				}
			})
		}
	}
}

func TestWhatAnAuthorizationServerSaysIsShownInPart(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	for name, test := range map[string]struct {
		status            int
		contentType, body string
		want              []string
	}{
		"an OAuth2 error": {400, "application/json", `{"error":"invalid_client","error_description":"the client is not known"}`,
			[]string{"status 400 Bad Request", `error "invalid_client"`, "the client is not known"}},
		"an OAuth2 error in a form": {401, "application/x-www-form-urlencoded", "error=invalid_scope&error_description=no+such+scope",
			[]string{"status 401 Unauthorized", `error "invalid_scope"`, "no such scope"}},
		"an OAuth2 error with 200": {200, "application/json", `{"error":"slow_down"}`, []string{"status 200 OK", `error "slow_down"`}},
		"a page":                   {502, "text/html", "<html>" + strings.Repeat("<p>bad gateway</p>\n", 50000), []string{"status 502 Bad Gateway", "bad gateway"}},
		"a description of a MiB":   {400, "application/json", `{"error":"invalid_client","error_description":"` + strings.Repeat("no", 500<<10) + `"}`, []string{`error "invalid_client"`}},
		"a code of a MiB":          {400, "application/json", `{"error":"` + strings.Repeat("no", 500<<10) + `"}`, []string{"status 400"}},
		"control characters":       {400, "text/plain; charset=x", "a\r\nb\x1b[31mc\u202ed\xff\x00e", []string{"status 400", "a b [31mc d"}},
		"an odd status":            {499, "text/html", "gone", []string{"status 499", "gone"}},
		"nothing":                  {500, "", "", []string{"status 500 Internal Server Error"}},
		"no token":                 {200, "application/json", `{"token_type":"Bearer"}`, []string{"missing access_token"}},
		"no JSON":                  {200, "application/json", strings.Repeat("<", 1<<20), []string{"cannot parse json"}},
		"the secret":               {400, "text/html", "your secret s3cret+/% is wrong", []string{"your secret ****** is wrong"}},
		"the secret after much":    {400, "text/html", strings.Repeat(" ", 65530) + "s3cret+/%", []string{"status 400"}},
		"the secret, escaped":      {400, "text/html", "you sent " + url.QueryEscape("s3cret+/%") + " and " + strings.ToLower(url.QueryEscape("s3cret+/%")), []string{"you sent"}},
		"the secret in JSON":       {400, "application/json", `{"detail":"s3cret+/%"}`, []string{"detail"}},
		"the secret as a code":     {400, "application/json", `{"error":"s3cret+/%"}`, []string{"status 400"}},
		"the header Authorization": {400, "text/html", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("shop:"+url.QueryEscape("s3cret+/%"))), []string{"Authorization"}},
		"a token in JSON":          {400, "text/html", `{"access_token": "abc.d\/ef", "refresh_token":"abc-2"}`, []string{"access_token"}},
		"a token in JSON in JSON":  {400, "text/html", `{"echo": "{\"access_token\":\"abc.d\"}"}`, []string{"echo"}},
		"a token in HTML":          {400, "text/html", `&quot;id_token&quot;: &quot;abc.d&quot;`, []string{"id_token"}},
		"a token in a form":        {400, "text/html", "access_token=abc.d&scope=x", []string{"scope"}},
		"a header with a token":    {400, "text/html", "Bearer abc.defgh", []string{"Bearer"}},
		"a JSON web token":         {400, "text/html", "it is " + jwt, []string{"it is"}},
	} {
		t.Run(name, func(t *testing.T) {
			auth := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			c := newGuarded(t, "http://guarded.invalid", auth.URL, "pyfly.client.services.guarded.auth.oauth2.client-secret", "s3cret+/%")
			_, err := c.Get(t.Context())
			if !errors.Is(err, client.ErrAuthentication) {
				t.Fatalf("got %v", err)
			}
			text := err.Error()
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("got %s, want %q in it", text, want)
				}
			}
			wantFit(t, text, 1000)
			var refused *oauth2.RetrieveError
			if errors.As(err, &refused) {
				wantFit(t, refused.Error(), 1000)
				if shown := fmt.Sprintf("%+v", refused.Response); strings.Contains(shown, "Authorization") {
					t.Errorf("the error holds %s", shown)
				}
			}
		})
	}
}

// wantFit fails unless a text is short, can be printed and holds no secret.
func wantFit(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most {
		t.Errorf("the text has %d bytes", len(text))
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' || r == unicode.ReplacementChar }); i >= 0 {
		t.Errorf("the text has %q", text[i:])
	}
	for _, secret := range []string{"s3cret", "s3c", "abc", "ef\"", "eyJ", "dozjg", "c2hvc"} {
		if strings.Contains(text, secret) {
			t.Errorf("the text has the secret %s: %s", secret, text)
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

func TestAFetchThatIsCancelledIsTheNextOnes(t *testing.T) {
	auth, arrived, goOn := hangingAuthorization(t)
	s := serve(t, nil)
	c := newGuarded(t, s.URL, auth)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Get(ctx); first <- err }()
	<-arrived
	go func() { _, err := c.Get(t.Context()); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || errors.Is(err, client.ErrAuthentication) {
		t.Errorf("the first: %v", err)
	}
	<-arrived
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
}

func TestTheBodyOfARefusalIsReadSoThatTheConnectionServesAgain(t *testing.T) {
	auth, _ := authorizationServer(t, 3600)
	var mu sync.Mutex
	n := 0
	s, connections := newCountingServer(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(strings.Repeat("refused", 5000))
		}
	})
	if _, err := newGuarded(t, s.URL, auth.URL).Get(t.Context()); err != nil || connections.Load() != 1 {
		t.Errorf("%d connections, %v", connections.Load(), err)
	}
}
