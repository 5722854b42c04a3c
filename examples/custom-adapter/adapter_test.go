// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestTheAdapterKeepsTheContract(t *testing.T) {
	clienttest.RunPortSuite(t, newFasthttpAdapter)
}

func newPort(t *testing.T, cfg client.PortConfig) *fasthttpAdapter {
	t.Helper()
	port, err := newFasthttpAdapter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := port.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return port.(*fasthttpAdapter)
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func send(ctx context.Context, port client.HttpClientPort, verb, target string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, verb, target, nil)
	if err != nil {
		return nil, "", err
	}
	response, err := port.Request(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func TestAWrongBaseURL(t *testing.T) {
	for _, baseURL := range []string{"", "inventory:8080", "http://", "ftp://inventory", "http://user:secret@%zz"} {
		_, err := newFasthttpAdapter(client.PortConfig{Name: "inventory", BaseURL: baseURL})
		if !errors.Is(err, kernel.ErrConfig) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", baseURL, err)
		}
	}
}

func TestWhatTheServerSees(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = io.WriteString(w, strings.Join([]string{r.Host, user, password, r.Header.Get("Content-Type")}, "|"))
	})
	port := newPort(t, client.PortConfig{
		BaseURL: strings.Replace(server.URL, "http://", "http://shop:secret@", 1),
		Header:  http.Header{"Host": {"inventory.example"}},
	})
	_, got, err := send(t.Context(), port, http.MethodPost, "/")
	if want := "inventory.example|shop|secret|"; err != nil || got != want {
		t.Errorf("the server saw %q, want %q; %v", got, want, err)
	}
}

func TestAnAnswerWithoutContentTypeIsGivenNone(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		_, _ = io.WriteString(w, "{}")
	})
	response, _, err := send(t.Context(), newPort(t, client.PortConfig{BaseURL: server.URL}), http.MethodGet, "/")
	if err != nil || response.Header["Content-Type"] != nil {
		t.Errorf("%v, %v", response, err)
	}
}

func TestHEAD(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100") })
	port := newPort(t, client.PortConfig{BaseURL: server.URL})
	for range 2 { // the second on the connection of the first
		response, body, err := send(t.Context(), port, http.MethodHead, "/")
		if err != nil || body != "" || response.Header.Get("Content-Length") != "100" {
			t.Errorf("%q, %v, %v", body, response, err)
		}
	}
}

// TestConnectionsThatTheServerClosed stand in the pool until they are used.
func TestConnectionsThatTheServerClosed(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	cases := map[string]struct {
		verb string
		ok   bool
	}{
		"GET is sent on another connection": {http.MethodGet, true},
		"POST might do the work twice":      {http.MethodPost, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			port := newPort(t, client.PortConfig{BaseURL: server.URL})
			if _, _, err := send(t.Context(), port, c.verb, "/"); err != nil {
				t.Fatal(err)
			}
			server.CloseClientConnections()
			if _, _, err := send(t.Context(), port, c.verb, "/"); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestACallMayTakeLongerThanTheTimeout(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	adapter := newPort(t, client.PortConfig{BaseURL: server.URL, Timeout: 1})
	if _, _, err := send(port.WithoutTimeout(t.Context()), adapter, http.MethodGet, "/"); err != nil {
		t.Error(err)
	}
}

func TestACallerDoesNotWaitForAConnection(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	port := newPort(t, client.PortConfig{BaseURL: "http://inventory.invalid"})
	port.host.Dial = func(string) (net.Conn, error) {
		cancel()
		<-port.gate.ctx.Done() // until the port is stopped
		return nil, port.gate.ctx.Err()
	}
	_, _, err := send(ctx, port, http.MethodPost, "/")
	var op *net.OpError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("got %T %v", err, err)
	}
}
