// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newStubbedAdapter makes an adapter without a network.
func newStubbedAdapter(cfg PortConfig, transport http.RoundTripper) *netHTTPAdapter {
	base := &url.URL{Scheme: "http", Host: "inventory", Path: "/api"}
	return newNetHTTPAdapter(cfg, base, transport, func() {})
}

// ctxBody is a body that ends when the request's context is done.
type ctxBody struct{ ctx context.Context }

func (b ctxBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}
func (b ctxBody) Close() error { return nil }

func TestStreamingIsLimitedNeitherInTimeNorInSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := strings.NewReader(strings.Repeat("x", 100))
		a := newStubbedAdapter(PortConfig{Timeout: time.Second, MaxResponseSize: 10},
			roundTripFunc(func(*http.Request) (*http.Response, error) {
				time.Sleep(time.Second - 1) // virtual
				return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
			}))
		req, _ := http.NewRequestWithContext(withStreaming(t.Context()), http.MethodGet, "/", nil)
		response, err := a.Request(req)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // virtual
		if got, err := io.ReadAll(response.Body); len(got) != 100 || err != nil {
			t.Errorf("read %d bytes, %v; want 100", len(got), err)
		}
	})
}

func TestStreamingIsLimitedInTimeUntilTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStubbedAdapter(PortConfig{Timeout: time.Second}, hangingTransport)
		req, _ := http.NewRequestWithContext(withStreaming(t.Context()), http.MethodGet, "/", nil)
		begun := time.Now()
		if _, err := a.Request(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		if elapsed := time.Since(begun); elapsed != time.Second {
			t.Errorf("it took %s, want 1s", elapsed)
		}
	})
}

var hangingTransport = roundTripFunc(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
})

func TestATimeoutWhileConnectingProvesThatNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStubbedAdapter(PortConfig{Timeout: time.Second}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: r.Context().Err()}
		}))
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		_, err := a.Request(req)
		if !provesNoConnection(err) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("got %T %v, want a *net.OpError that is context.DeadlineExceeded", err, err)
		}
	})
}

func TestAnErrorAfterARedirectProvesNothing(t *testing.T) {
	for name, end := range map[string]error{
		"no connection":            &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
		"an unknown name":          &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "inventory"}},
		"only the name":            &net.DNSError{Err: "no such host", Name: "inventory"},
		"a wrapper on http.Client": &url.Error{Op: "Get", URL: "http://inventory/", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}},
	} {
		t.Run(name, func(t *testing.T) {
			isFirst := true
			a := newStubbedAdapter(PortConfig{}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
				if !isFirst {
					return nil, end
				}
				isFirst = false
				return &http.Response{StatusCode: 303, Header: http.Header{"Location": {"/there"}}, Body: http.NoBody}, nil
			}))
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			_, err := a.Request(req)
			if err == nil || provesNoConnection(err) || !strings.HasPrefix(err.Error(), "redirect: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnAnswerAfterARedirectTellsSo(t *testing.T) {
	// A transport of the user's may leave Response.Request nil.
	a := newStubbedAdapter(PortConfig{}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/there" {
			return &http.Response{StatusCode: 429, Header: http.Header{}, Body: http.NoBody}, nil
		}
		return &http.Response{StatusCode: 303, Header: http.Header{"Location": {"/there"}}, Body: http.NoBody}, nil
	}))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	response, err := a.Request(req)
	if err != nil || !isRedirected(response) || response.Request.URL.Path != "/there" {
		t.Errorf("got %+v, %v", response, err)
	}
}

func TestWhatProvesThatNoConnectionWasMade(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	dns := &net.DNSError{Err: "no such host"}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{dial, true},
		{dns, true},
		{&net.OpError{Op: "dial", Err: dns}, true},
		{&net.OpError{Op: "proxyconnect", Err: dial}, true},
		{&net.OpError{Op: "proxyconnect", Err: dns}, true},
		{fmt.Errorf("it failed: %w: %w", ErrAuthentication, dial), true},
		{&net.OpError{Op: "proxyconnect", Err: errors.New("tls: handshake failure")}, false},
		{&net.OpError{Op: "read", Err: errors.New("connection reset")}, false},
		{&net.OpError{Op: "redirect", Err: dial}, false},
		{&net.OpError{Op: "redirect", Err: dns}, false},
		{io.EOF, false},
	} {
		if got := provesNoConnection(c.err); got != c.want {
			t.Errorf("%v: %t, want %t", c.err, got, c.want)
		}
	}
}

func TestACancelledContextIsKnownWhateverItsCause(t *testing.T) {
	cause := errors.New("the user went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	a := newStubbedAdapter(PortConfig{}, hangingTransport)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if _, err := a.Request(req); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("got %v, want context.Canceled and its cause", err)
	}
}

func TestTimeoutRunsUntilTheBodyEnds(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		want    time.Duration
	}{"default": {0, DefaultTimeout}, "configured": {2 * time.Second, 2 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newStubbedAdapter(PortConfig{Timeout: c.timeout}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
					time.Sleep(time.Second) // virtual: counts as well
					return &http.Response{StatusCode: 200, Body: ctxBody{r.Context()}}, nil
				}))
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
				begun := time.Now()
				response, err := a.Request(req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(response.Body); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want context.DeadlineExceeded", err)
				}
				if elapsed := time.Since(begun); elapsed != c.want {
					t.Errorf("it took %s, want %s", elapsed, c.want)
				}
			})
		})
	}
}

func TestAnEarlierDeadlineTakesNoTimer(t *testing.T) {
	var exchanges exchanges
	for deadline, wantTimer := range map[time.Duration]bool{time.Minute: false, time.Hour: true} {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		e, err := exchanges.begin(ctx, 30*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if hasTimer := e.timer != nil; hasTimer != wantTimer {
			t.Errorf("deadline in %s: timer %t, want %t", deadline, hasTimer, wantTimer)
		}
		e.end()
		cancel()
	}
}

func TestRedirectsStayOnTheirHost(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"http://a/x", "http://a/y", true},
		{"http://a/x", "http://A:80/y", true},
		{"https://a/x", "https://a:443/y", true},
		{"http://a:8080/x", "http://a:8080/y", true},
		{"http://a/x", "https://a/y", true},
		{"http://a:8080/x", "https://a:8443/y", true},
		{"https://a/x", "http://a/y", false},
		{"https://a:443/x", "http://a:443/y", false},
		{"http://a/x", "http://a:8080/y", false},
		{"https://a/x", "https://a:8443/y", false},
		{"http://a/x", "http://b/y", false},
		{"http://a/x", "http://sub.a/y", false},
		{"http://a/x", "https://b/y", false},
		{"http://a/x", "ftp://a/y", false},
	} {
		from, _ := url.Parse(c.from)
		to, _ := url.Parse(c.to)
		if got := staysOnHost(from, to); got != c.want {
			t.Errorf("from %s to %s: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}

func TestStopClosesHTTP2Connections(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	base, _ := url.Parse(server.URL)
	d := newDialer(DefaultConnectTimeout, nil)
	transport := newTransport(d)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	a := newNetHTTPAdapter(PortConfig{}, base, transport, d.close)

	for range 10 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		response, err := a.Request(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); string(body) != "HTTP/2.0" || err != nil {
			t.Errorf("got %q, %v", body, err)
		}
		_ = response.Body.Close()
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) != 0 {
		t.Errorf("%d connections are open after Stop", len(d.open))
	}
}

func TestAClosedDialerMakesNoConnection(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	d := newDialer(DefaultConnectTimeout, nil)
	d.close()
	if conn, err := d.DialContext(t.Context(), "tcp", server.Listener.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("a connection was made")
	}
}

func benchmarkTransport() http.RoundTripper {
	return roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
	})
}

func BenchmarkNetHTTPAdapter(b *testing.B) {
	a := newStubbedAdapter(PortConfig{}, benchmarkTransport())
	ctx, cancel := context.WithTimeout(b.Context(), DefaultTimeout/2) // as the engine sets one
	defer cancel()
	benchmarkRequests(b, func() (*http.Response, error) {
		return a.Request((&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/x"}, Header: http.Header{}}).WithContext(ctx))
	})
}

func BenchmarkHTTPClient(b *testing.B) {
	c := http.Client{Transport: benchmarkTransport()}
	ctx, cancel := context.WithTimeout(b.Context(), DefaultTimeout/2)
	defer cancel()
	benchmarkRequests(b, func() (*http.Response, error) {
		return c.Do((&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "inventory", Path: "/api/x"}, Header: http.Header{}}).WithContext(ctx))
	})
}

func benchmarkRequests(b *testing.B, request func() (*http.Response, error)) {
	b.ReportAllocs()
	var p [512]byte
	for b.Loop() {
		response, err := request()
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = response.Body.Read(p[:])
		}
		_ = response.Body.Close()
	}
}
