// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// orders is the client of the tests about how often a request is sent.
type orders struct {
	client.ServiceClient `url:"http://orders.invalid" name:"orders" retry-base-delay:"0s"`

	Get   func(ctx context.Context) (string, error)                     `get:"/"`
	Post  func(ctx context.Context, body string) (string, error)        `post:"/" content-type:"text/plain"`
	Patch func(ctx context.Context, body string) (string, error)        `patch:"/" content-type:"text/plain"`
	Open  func(ctx context.Context, body string) (io.ReadCloser, error) `post:"/" content-type:"text/plain"`
	Pay   func(ctx context.Context, body string) (string, error)        `post:"/" content-type:"text/plain" idempotent:"true"`
}

const ordersService = "pyfly.client.services.orders."

// unsafeCalls are those that must not be done twice.
func unsafeCalls(ctx context.Context, c *orders) map[string]func() error {
	return map[string]func() error{
		"POST":  func() error { _, err := c.Post(ctx, "one rake"); return err },
		"PATCH": func() error { _, err := c.Patch(ctx, "one rake"); return err },
		"POST that streams": func() error {
			body, err := c.Open(ctx, "one rake")
			if err == nil {
				_ = body.Close()
			}
			return err
		},
	}
}

// deadAddress is one where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// ordersServer counts what arrives at "/" and redirects it to location. What
// arrives elsewhere is answered by end.
func ordersServer(t *testing.T, status int, location string, end http.HandlerFunc) (s *server, arrived *atomic.Int32) {
	t.Helper()
	arrived = &atomic.Int32{}
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			end(w, r)
			return
		}
		arrived.Add(1)
		http.Redirect(w, r, location, status)
	})
	return s, arrived
}

func busy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }

func unavailable(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "0")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// askingPort is a port on [http.Client], as a user may write one.
type askingPort struct {
	http http.Client
	base *url.URL
}

func newAskingPort(cfg client.PortConfig) (client.HttpClientPort, error) {
	base, err := url.Parse(cfg.BaseURL)
	return &askingPort{base: base, http: http.Client{Transport: &http.Transport{}}}, err
}

func (p *askingPort) Request(req *http.Request) (*http.Response, error) {
	req.URL = p.base.ResolveReference(req.URL)
	return p.http.Do(req)
}
func (p *askingPort) Start(context.Context) error { return nil }
func (p *askingPort) Stop(context.Context) error  { p.http.CloseIdleConnections(); return nil }

// passOn is an interceptor that does nothing.
func passOn(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) { return next(req) }
}

// ways are those on which requests leave a client.
var ways = map[string]struct {
	beans []any
	opts  []client.Option
}{
	"the adapter":           {},
	"an interceptor":        {beans: []any{client.Interceptor(passOn)}},
	"a wrapped transport":   {opts: []client.Option{client.WithTransport(wrapTransport)}},
	"a port on http.Client": {opts: []client.Option{client.WithFactory(newAskingPort)}},
	"both":                  {[]any{client.Interceptor(passOn)}, []client.Option{client.WithFactory(newAskingPort)}},
}

func wrapTransport(next http.RoundTripper) http.RoundTripper {
	return countingTransport{next, &atomic.Int32{}}
}

func TestWhateverComesAfterARedirectAPostIsNotSentAgain(t *testing.T) {
	ends := map[string]http.HandlerFunc{
		"429":                      busy,
		"503 with Retry-After":     unavailable,
		"a connection that breaks": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a chain to 429": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/end" {
				busy(w, r)
				return
			}
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		},
		"redirects without end": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/next", http.StatusSeeOther)
		},
		"a redirect that is refused": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
		},
	}
	for way, by := range ways {
		for end, handler := range ends {
			if by.opts != nil && end == "a redirect that is refused" && way != "a wrapped transport" {
				continue // it refuses none
			}
			for _, status := range []int{301, 302, 303, 307, 308} {
				t.Run(fmt.Sprintf("%s/%d to %s", way, status, end), func(t *testing.T) {
					s, arrived := ordersServer(t, status, "/next", handler)
					c := startWith[orders](t, over("orders", s.URL, ordersService+"circuit-breaker.enabled", false), by.beans, by.opts...)
					for verb, call := range unsafeCalls(t.Context(), c) {
						arrived.Store(0)
						if err := call(); err == nil || arrived.Load() != 1 {
							t.Errorf("%s arrived %d times: %v", verb, arrived.Load(), err)
						}
					}
				})
			}
		}
	}
}

func TestAPostIsNotSentAgainWhenARedirectLeadsToNoConnection(t *testing.T) {
	for way, by := range ways {
		t.Run(way, func(t *testing.T) {
			dead := deadAddress(t)
			for _, status := range []int{301, 302, 303, 307, 308} {
				s, arrived := ordersServer(t, status, "http://"+dead+"/", nil)
				c := startWith[orders](t, over("orders", s.URL, ordersService+"circuit-breaker.enabled", false, ordersService+"allowed-hosts", dead), by.beans, by.opts...)
				for verb, call := range unsafeCalls(t.Context(), c) {
					arrived.Store(0)
					err := call()
					if !errors.As(err, new(*net.OpError)) || arrived.Load() != 1 {
						t.Errorf("%d: %s arrived %d times: %v", status, verb, arrived.Load(), err)
					}
				}
			}
		})
	}
}

func TestAPostIsNotSentAgainWhenTheServerThatRedirectedIsGone(t *testing.T) {
	for way, by := range ways {
		t.Run(way, func(t *testing.T) {
			var arrived atomic.Int32
			var s *httptest.Server
			s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived.Add(1)
				_ = s.Listener.Close()
				w.Header().Set("Connection", "close")
				http.Redirect(w, r, "/next", http.StatusSeeOther)
			}))
			t.Cleanup(s.Close)
			c := startWith[orders](t, over("orders", s.URL), by.beans, by.opts...)
			_, err := c.Post(t.Context(), "one rake")
			var e *client.Error
			if !errors.As(err, &e) || e.Attempts != 1 || arrived.Load() != 1 {
				t.Errorf("it arrived %d times: %v", arrived.Load(), err)
			}
		})
	}
}

func TestWhatMayBeRepeatedIsAfterARedirect(t *testing.T) {
	for way, by := range ways {
		t.Run(way, func(t *testing.T) {
			s, arrived := ordersServer(t, http.StatusTemporaryRedirect, "/next", busy)
			c := startWith[orders](t, over("orders", s.URL, ordersService+"circuit-breaker.enabled", false), by.beans, by.opts...)
			if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrRateLimited) || arrived.Load() != 3 {
				t.Errorf("GET arrived %d times: %v", arrived.Load(), err)
			}
			arrived.Store(0)
			if _, err := c.Pay(t.Context(), "one rake"); !errors.Is(err, client.ErrRateLimited) || arrived.Load() != 3 {
				t.Errorf("idempotent: it arrived %d times: %v", arrived.Load(), err)
			}
			keys := map[string]bool{}
			for _, request := range s.seen() {
				if request.Verb == http.MethodPost {
					keys[request.Header.Get("Idempotency-Key")] = true
				}
			}
			if len(keys) != 1 || keys[""] {
				t.Errorf("the keys were %v", keys)
			}
		})
	}
}

func TestAnAllowedHostIsToldTheIdempotencyKey(t *testing.T) {
	other := serve(t, busy)
	s, arrived := ordersServer(t, http.StatusPermanentRedirect, other.URL+"/", nil)
	c := wireBy[orders](t, over("orders", s.URL, ordersService+"allowed-hosts", strings.TrimPrefix(other.URL, "http://")))
	if _, err := c.Pay(t.Context(), "one rake"); !errors.Is(err, client.ErrRateLimited) || arrived.Load() != 3 {
		t.Fatalf("it arrived %d times: %v", arrived.Load(), err)
	}
	for i, request := range other.seen() {
		if key := request.Header.Get("Idempotency-Key"); key == "" || key != s.seen()[i].Header.Get("Idempotency-Key") {
			t.Errorf("the key was %q", key)
		}
	}
}

// TestAPostIsSentAgainIfNothingWasDone keeps the promise beside the rule.
func TestAPostIsSentAgainIfNothingWasDone(t *testing.T) {
	for way, by := range ways {
		t.Run(way, func(t *testing.T) {
			for end, handler := range map[string]http.HandlerFunc{"429": busy, "503": unavailable} {
				s := serve(t, handler)
				c := startWith[orders](t, over("orders", s.URL), by.beans, by.opts...)
				if _, err := c.Post(t.Context(), "one rake"); err == nil || len(s.seen()) != 3 {
					t.Errorf("%s: it arrived %d times: %v", end, len(s.seen()), err)
				}
			}
			c := startWith[orders](t, over("orders", "http://"+deadAddress(t)), by.beans, by.opts...)
			_, err := c.Post(t.Context(), "one rake")
			var e *client.Error
			if !errors.As(err, &e) || e.Attempts != 3 {
				t.Errorf("no connection: %v", err)
			}
		})
	}
}

var errNoDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// answers is a port that gives one answer after the other.
func answers(n *atomic.Int32, ends ...any) portFunc {
	return func(*http.Request) (*http.Response, error) {
		switch end := ends[int(n.Add(1)-1)%len(ends)].(type) {
		case error:
			return nil, end
		case int:
			return answer(end, "", "Retry-After", "0"), nil
		}
		return nil, nil
	}
}

func TestEverySendOfAnAttemptMustProveThatNothingWasDone(t *testing.T) {
	twice := func(second func(*http.Request) *http.Request) client.Interceptor {
		return func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				again := req.Clone(req.Context())
				if response, err := next(req); err == nil {
					_ = response.Body.Close()
				}
				return next(second(again))
			}
		}
	}
	same := func(r *http.Request) *http.Request { return r }
	detached := func(r *http.Request) *http.Request { return r.WithContext(context.Background()) }
	failing := func(before bool) client.Interceptor { // by an error of its own
		return func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				if before {
					return nil, errNoDial
				}
				if response, err := next(req); err == nil {
					_ = response.Body.Close()
				}
				return nil, errNoDial
			}
		}
	}
	stray := func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if response, err := next(req.WithContext(context.Background())); err == nil {
				_ = response.Body.Close()
			}
			return nil, errNoDial
		}
	}
	sideBySide := func(next client.Exchange) client.Exchange { // and does not wait for the first
		return func(req *http.Request) (*http.Response, error) {
			begun := make(chan struct{})
			go func() {
				defer func() { _ = recover() }()
				_, _ = next(req.Clone(context.WithValue(req.Context(), begunKey{}, begun)))
			}()
			<-begun
			return nil, errNoDial
		}
	}
	for name, test := range map[string]struct {
		interceptor client.Interceptor
		ends        []any
		attempts    int
	}{
		"done, then no connection":                    {twice(same), []any{200, errNoDial}, 1},
		"failed, then no connection":                  {twice(same), []any{500, errNoDial}, 1},
		"broken, then no connection":                  {twice(same), []any{io.ErrUnexpectedEOF, errNoDial}, 1},
		"nothing, then no connection":                 {twice(same), []any{nil, errNoDial}, 1},
		"redirected, then no connection":              {twice(same), []any{303, errNoDial}, 1},
		"done, then 429":                              {twice(same), []any{200, 429}, 1},
		"done, then 503":                              {twice(same), []any{200, 503}, 1},
		"no connection, then done":                    {twice(same), []any{errNoDial, 500}, 1},
		"no connection, twice":                        {twice(same), []any{errNoDial, errNoDial}, 3},
		"429, then no connection":                     {twice(same), []any{429, errNoDial}, 3},
		"not authenticated, then 429":                 {twice(same), []any{401, 429}, 3},
		"done, then a send that tells no attempt":     {twice(detached), []any{200, errNoDial}, 1},
		"done, then an error of the interceptor's":    {failing(false), []any{200}, 1},
		"429, then an error of the interceptor's":     {failing(false), []any{429}, 3},
		"an error of the interceptor's, nothing sent": {failing(true), []any{200}, 3},
		"a send that tells no attempt, then an error": {stray, []any{200}, 1},
		"a send that is under way yet":                {sideBySide, []any{begunKey{}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			port := answers(&n, test.ends...)
			ended := make(chan struct{})
			if test.ends[0] == (begunKey{}) {
				port = func(req *http.Request) (*http.Response, error) {
					close(req.Context().Value(begunKey{}).(chan struct{}))
					<-ended
					return nil, io.EOF
				}
			}
			defer close(ended)
			c := startWith[orders](t, nil, []any{test.interceptor}, through(port))
			_, err := c.Post(t.Context(), "one rake")
			var e *client.Error
			if !errors.As(err, &e) || e.Attempts != test.attempts {
				t.Errorf("got %v, want %d attempts", err, test.attempts)
			}
		})
	}
}

type begunKey struct{}

// repeatingTransport sends every request twice, the second time elsewhere.
type repeatingTransport struct {
	http.RoundTripper
	elsewhere string
}

func (r repeatingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	again := req.Clone(req.Context())
	again.Body, _ = req.GetBody()
	if response, err := r.RoundTripper.RoundTrip(req); err == nil {
		_ = response.Body.Close()
	}
	again.URL.Host = r.elsewhere
	return r.RoundTripper.RoundTrip(again)
}

func TestAWrappedTransportMaySendTwice(t *testing.T) {
	overloaded := serve(t, busy)
	for name, elsewhere := range map[string]string{
		"then no connection": deadAddress(t), "then 429": strings.TrimPrefix(overloaded.URL, "http://"),
	} {
		for _, mode := range []string{"auto", "prior-knowledge"} {
			t.Run(name+"/http2 "+mode, func(t *testing.T) {
				var arrived atomic.Int32
				s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
				s.Config.Protocols = &http.Protocols{}
				s.Config.Protocols.SetHTTP1(true)
				s.Config.Protocols.SetUnencryptedHTTP2(true)
				s.Start()
				t.Cleanup(s.Close)
				c := wireBy[orders](t, over("orders", s.URL, ordersService+"http2", mode),
					client.WithTransport(func(next http.RoundTripper) http.RoundTripper { return repeatingTransport{next, elsewhere} }))
				if _, err := c.Post(t.Context(), "one rake"); err == nil || arrived.Load() != 1 {
					t.Errorf("it arrived %d times: %v", arrived.Load(), err)
				}
			})
		}
	}
}

func TestATokenIsNotReplacedAfterARedirect(t *testing.T) {
	auth, _ := authorizationServer(t, 3600)
	var arrived atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			arrived.Add(1)
			http.Redirect(w, r, "/page", http.StatusSeeOther)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := newGuarded(t, s.URL, auth.URL)
	if _, err := c.Post(t.Context(), "one rake"); !errors.Is(err, client.ErrAuthentication) || arrived.Load() != 1 {
		t.Errorf("POST arrived %d times: %v", arrived.Load(), err)
	}
	arrived.Store(0)
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrAuthentication) || arrived.Load() != 2 {
		t.Errorf("GET arrived %d times: %v", arrived.Load(), err)
	}
}

func TestAPostIsNotHedgedAfterARedirectEither(t *testing.T) {
	s, arrived := ordersServer(t, http.StatusSeeOther, "/next", busy)
	c := wireBy[orders](t, over("orders", s.URL, ordersService+"hedge.delay", "1ns"))
	if _, err := c.Post(t.Context(), "one rake"); !errors.Is(err, client.ErrRateLimited) || arrived.Load() != 1 {
		t.Errorf("it arrived %d times: %v", arrived.Load(), err)
	}
}
