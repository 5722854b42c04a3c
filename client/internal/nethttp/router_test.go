// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

func addressOf(s *httptest.Server) string { return s.Listener.Addr().String() }

// ofInstance makes a request to an instance, as a client does.
func ofInstance(t *testing.T, scheme, address, target string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(port.WithInstance(t.Context(), address), http.MethodGet, scheme+"://"+address+target, nil)
	require.NoError(t, err)
	return req
}

// send returns the body of the response.
func send(adapter *nethttp.Adapter, req *http.Request) (string, error) {
	response, err := adapter.Request(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func instance(t *testing.T, name string, served *atomic.Int32) *httptest.Server {
	return adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		if target := r.URL.Query().Get("to"); target != "" {
			http.Redirect(w, r, target, http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, name+" "+r.Host+" "+r.URL.Path)
	})
}

func TestRedirectsWithinTheServiceStayOnTheInstance(t *testing.T) {
	var atA, atB atomic.Int32
	a, b := instance(t, "a", &atA), instance(t, "b", &atB)
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://inventory.invalid/api", AllowedHosts: []string{addressOf(b)}})
	for target, want := range map[string]string{
		"/elsewhere":                         "a inventory.invalid /elsewhere",
		"http://inventory.invalid/elsewhere": "a inventory.invalid /elsewhere",
		b.URL + "/allowed":                   "b " + addressOf(b) + " /allowed",
	} {
		got, err := send(adapter, ofInstance(t, "http", addressOf(a), "/api/x?to="+url.QueryEscape(target)))
		require.NoError(t, err)
		require.Equal(t, want, got, target)
	}
}

func TestAnInstanceIsAnotherHostForRedirects(t *testing.T) {
	var atA, atB atomic.Int32
	a, b := instance(t, "a", &atA), instance(t, "b", &atB)
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://inventory.invalid"})
	response, err := adapter.Request(ofInstance(t, "http", addressOf(a), "/?to="+url.QueryEscape(b.URL)))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusFound, response.StatusCode)
	require.Zero(t, atB.Load())
}

// TestInstancesAreVerifiedByTheServicesName: a host that is allowed is verified by
// its own.
func TestInstancesAreVerifiedByTheServicesName(t *testing.T) {
	authority := nettest.NewAuthority(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	ours := authority.TLSServer(t, "inventory.invalid", handler)
	impostor := authority.TLSServer(t, "payment.invalid", handler)
	for name, config := range map[string]*tls.Config{
		"by the base URL":   {RootCAs: authority.Pool()},
		"by its ServerName": {RootCAs: authority.Pool(), ServerName: "inventory.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			base := "https://inventory.invalid"
			if config.ServerName != "" {
				base = "https://other.invalid"
			}
			adapter := newAdapter(t, port.PortConfig{BaseURL: base, TLS: config, AllowedHosts: []string{addressOf(ours)}})
			for range 2 {
				got, err := send(adapter, ofInstance(t, "https", addressOf(ours), "/"))
				require.NoError(t, err)
				require.Equal(t, strings.TrimPrefix(base, "https://"), got)
				_, err = send(adapter, ofInstance(t, "https", addressOf(impostor), "/"))
				require.ErrorAs(t, err, new(*tls.CertificateVerificationError))
			}
			allowed, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ours.URL, nil)
			require.NoError(t, err)
			_, err = send(adapter, allowed)
			require.ErrorAs(t, err, new(*tls.CertificateVerificationError), "the address is not the service's name")
		})
	}
}

func TestAProxySeesTheServicesName(t *testing.T) {
	var seen atomic.Value
	proxy := adapterServer(t, func(_ http.ResponseWriter, r *http.Request) { seen.Store(r.URL.String()) })
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://inventory.invalid", Proxy: u})
	_, err = send(adapter, ofInstance(t, "http", "127.0.0.1:1", "/x"))
	require.NoError(t, err)
	require.Equal(t, "http://inventory.invalid/x", seen.Load())
}

// closes counts the connections of a server that it sees closed.
func closes(t *testing.T, h http.HandlerFunc) (s *httptest.Server, opened, closed *atomic.Int32) {
	opened, closed = new(atomic.Int32), new(atomic.Int32)
	s = httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
		case http.StateClosed:
			closed.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, opened, closed
}

func TestConnectionsToAnInstanceThatLeftAreClosedAfterItsLastRequest(t *testing.T) {
	release := make(chan struct{})
	s, opened, closed := closes(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			_ = http.NewResponseController(w).Flush()
			<-release
		}
		_, _ = io.WriteString(w, "done")
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://inventory.invalid"})
	address := addressOf(s)
	response, err := adapter.Request(ofInstance(t, "http", address, "/slow"))
	require.NoError(t, err)
	_, err = send(adapter, ofInstance(t, "http", address, "/"))
	require.NoError(t, err)
	adapter.CloseInstance(address)
	require.Zero(t, closed.Load(), "a request is in flight")
	close(release)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err, "it is not cut")
	require.Equal(t, "done", string(body))
	require.NoError(t, response.Body.Close())
	require.Eventually(t, func() bool { return closed.Load() == opened.Load() }, 10*time.Second, time.Millisecond)

	_, err = send(adapter, ofInstance(t, "http", address, "/"))
	require.NoError(t, err, "it may come back")
	adapter.CloseInstance("127.0.0.1:1")
	require.NoError(t, adapter.Stop(t.Context()))
	require.Eventually(t, func() bool { return closed.Load() == opened.Load() }, 10*time.Second, time.Millisecond)
	_, err = send(adapter, ofInstance(t, "http", address, "/"))
	require.True(t, errors.Is(err, port.ErrStopped))
}
