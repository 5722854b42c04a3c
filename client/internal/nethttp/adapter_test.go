// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

// newAdapter makes an adapter that is stopped, whatever it is doing, with the
// test.
func newAdapter(t *testing.T, cfg port.PortConfig) *nethttp.Adapter {
	t.Helper()
	cfg.Name = "inventory-client"
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := nethttp.New(base, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = adapter.Stop(ctx)
	})
	return adapter
}

func adapterServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

func adapterRequest(t *testing.T, ctx context.Context, verb, target string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, verb, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// adapterSend sends a request and reads the answer's body.
func adapterSend(adapter *nethttp.Adapter, req *http.Request) (status int, body string, err error) {
	response, err := adapter.Request(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

func adapterGet(t *testing.T, adapter *nethttp.Adapter, target string) (status int, body string, err error) {
	t.Helper()
	return adapterSend(adapter, adapterRequest(t, t.Context(), http.MethodGet, target, nil))
}

func TestAdapterJoinsPathsAsTheyAreWritten(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) })
	for _, c := range []struct{ base, target, want string }{
		{"", "/x", "/x"},
		{"/", "/x", "/x"},
		{"/api", "/x", "/api/x"},
		{"/api/", "/x", "/api/x"},
		{"/api", "x", "/api/x"},
		{"", "x%2Fy", "/x%2Fy"},
		{"/api", "", "/api"},
		{"", "", "/"},
		{"/api", "?a=b", "/api?a=b"},
		{"/api", "/files/a%2Fb", "/api/files/a%2Fb"},
		{"/a%2Fb", "/c d", "/a%2Fb/c%20d"},
		{"/a%2Fb", "/c%2Fd?e=%2F", "/a%2Fb/c%2Fd?e=%2F"},
		{"/api", "/../x/./y//z", "/api/../x/./y//z"},
		{"", "/x?a=1;2&b=%zz", "/x?a=1;2&b=%zz"},
	} {
		t.Run(c.base+" and "+c.target, func(t *testing.T) {
			adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL + c.base})
			req := adapterRequest(t, t.Context(), http.MethodGet, "/", nil)
			u, err := req.URL.Parse("/")
			if err != nil {
				t.Fatal(err)
			}
			path, query, _ := strings.Cut(c.target, "?")
			setEscapedPath(t, u, path)
			u.RawQuery = query
			req.URL = u
			if _, got, err := adapterSend(adapter, req); got != c.want || err != nil {
				t.Errorf("the server saw %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestAdapterRefusesRequestsThatItCannotAddress(t *testing.T) {
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://127.0.0.1:1"})
	absolute := adapterRequest(t, t.Context(), http.MethodPost, "http://elsewhere.example/x", nil)
	opaque := adapterRequest(t, t.Context(), http.MethodPost, "mailto:someone", nil)
	without := adapterRequest(t, t.Context(), http.MethodPost, "/", nil)
	without.URL = nil
	for name, req := range map[string]*http.Request{"absolute": absolute, "opaque": opaque, "no URL": without} {
		t.Run(name, func(t *testing.T) {
			body := &closeRecorder{Reader: strings.NewReader("x")}
			req.Body = body
			if _, err := adapter.Request(req); !errors.Is(err, port.ErrInvalidRequest) {
				t.Errorf("got %v, want ErrInvalidRequest", err)
			}
			if !body.closed {
				t.Error("the request's body was not closed")
			}
		})
	}
	if _, err := adapter.Request(nil); !errors.Is(err, port.ErrInvalidRequest) {
		t.Errorf("a nil request: %v", err)
	}
}

func TestAdapterSendsConfiguredHeaders(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = fmt.Fprintf(w, "%s|%s|%s:%s|%s", r.Header["X-Tenant"], r.Header["X-Trace"], user, password, r.Host)
	})
	base := strings.Replace(server.URL, "http://", "http://user:hunter2@", 1)
	adapter := newAdapter(t, port.PortConfig{BaseURL: base, Header: http.Header{
		"x-tenant": {"a", "b"}, "X-Trace": {"configured"}, "Host": {"inventory.example"},
	}})
	for _, c := range []struct {
		own  http.Header
		want string
	}{
		{nil, "[a b]|[configured]|user:hunter2|inventory.example"},
		{http.Header{"X-Trace": {"own"}}, "[a b]|[own]|user:hunter2|inventory.example"},
		{http.Header{"Host": {"own.example"}, "X-Tenant": {}}, "[]|[configured]|user:hunter2|own.example"},
		{http.Header{"Authorization": {"Bearer x"}}, "[a b]|[configured]|:|inventory.example"},
	} {
		req := adapterRequest(t, t.Context(), http.MethodGet, "/", nil)
		req.Header = c.own
		if _, got, err := adapterSend(adapter, req); got != c.want || err != nil {
			t.Errorf("with %v the server saw %q, %v; want %q", c.own, got, err, c.want)
		}
	}
}

func TestAdapterErrorsHoldNoSecrets(t *testing.T) {
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://user:hunter2@127.0.0.1:1"})
	_, _, err := adapterGet(t, adapter, "/?token=hunter2")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// closeRecorder is a body that knows whether it has been closed.
type closeRecorder struct {
	io.Reader
	closed bool
}

func (r *closeRecorder) Close() error {
	r.closed = true
	return nil
}

func TestAdapterUsesOneConnectionForSequentialRequests(t *testing.T) {
	statuses := []int{200, 404, 500, 204}
	server, connections := nettest.CountingServer(t, func(w http.ResponseWriter, r *http.Request) {
		var i int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
		status := statuses[i%len(statuses)]
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 10<<10))
		}
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	for i := range 100 {
		if _, _, err := adapterGet(t, adapter, fmt.Sprintf("/%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("100 requests took %d connections, want 1", n)
	}
}

func TestAdapterKeepsConnectionsOfParallelRequests(t *testing.T) {
	const parallel = 20
	arrived, release := make(chan struct{}), make(chan struct{})
	server, connections := nettest.CountingServer(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	for range 2 {
		errs := make(chan error, parallel)
		for range parallel {
			req := adapterRequest(t, t.Context(), http.MethodGet, "/", nil)
			go func() {
				_, _, err := adapterSend(adapter, req)
				errs <- err
			}()
		}
		for range parallel {
			<-arrived
		}
		for range parallel {
			release <- struct{}{}
		}
		for range parallel {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := connections.Load(); n != parallel {
		t.Errorf("twice %d requests at once took %d connections, want %d", parallel, n, parallel)
	}
}

func setEscapedPath(t *testing.T, u *url.URL, escaped string) {
	t.Helper()
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		t.Fatal(err)
	}
	u.Path, u.RawPath = plain, ""
	if u.EscapedPath() != escaped {
		u.RawPath = escaped
	}
}
