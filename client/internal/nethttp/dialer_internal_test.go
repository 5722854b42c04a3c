// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

func TestStopClosesHTTP2Connections(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	base, _ := url.Parse(server.URL)
	d := newDialer(port.DefaultConnectTimeout, nil)
	transport := newTransport(d)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	a := newAdapter(base, port.PortConfig{}, transport, &router{shared: transport, closeShared: d.close})

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
	d := newDialer(port.DefaultConnectTimeout, nil)
	d.close()
	if conn, err := d.DialContext(t.Context(), "tcp", server.Listener.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("a connection was made")
	}
}

func TestADialFunctionThatMisbehavesIsAnErrorOfTheDial(t *testing.T) {
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"panics":          func(context.Context, string, string) (net.Conn, error) { panic("no tunnel") },
		"returns nothing": func(context.Context, string, string) (net.Conn, error) { return nil, nil },
		"fails":           func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no tunnel") },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newDialer(time.Second, dial).DialContext(t.Context(), "tcp", "own:80")
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("got %v, want an error of the dial", err)
			}
		})
	}
}
