// SPDX-License-Identifier: Apache-2.0

package client_test

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
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// visitor is a client that goes to other hosts.
type visitor struct {
	client.HttpClient `url:"https://visitor.invalid" name:"visitor"`

	Get    func(ctx context.Context) (string, error)                  `get:"/"`
	Visit  func(ctx context.Context) (string, error)                  `get:"/redirect"`
	Follow func(ctx context.Context, link client.URL) (string, error) `get:"/"`
}

const visitorService = "pyfly.client.services.visitor."

// hostWith starts a server with a certificate for one name or address only. It
// redirects to what elsewhere holds, and tells its protocol otherwise.
func hostWith(t *testing.T, a *authority, name string, elsewhere *atomic.Value) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, elsewhere.Load().(string), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.certificateFor(t, name)}}
	s.Config.ErrorLog = quietLog
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// at is the URL of a server by another name of its host.
func at(s *httptest.Server, name string) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	scheme, _, _ := strings.Cut(s.URL, ":")
	return scheme + "://" + net.JoinHostPort(name, port)
}

// proxyWith starts a proxy for CONNECT, itself behind TLS if it has a name.
func proxyWith(t *testing.T, a *authority, name string) (url string, connects *atomic.Int32) {
	t.Helper()
	connects = &atomic.Int32{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		connects.Add(1)
		out, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		in, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			_ = out.Close()
			return
		}
		_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		join := func(to net.Conn, from io.Reader) { _, _ = io.Copy(to, from); _ = to.Close() }
		go join(out, buffered)
		go join(in, out)
	}))
	s.Config.ErrorLog = quietLog
	if name == "" {
		s.Start()
	} else {
		s.EnableHTTP2 = true // which CONNECT does not speak
		s.TLS = &tls.Config{Certificates: []tls.Certificate{a.certificateFor(t, name)}}
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	if name == "" {
		return s.URL, connects
	}
	return at(s, name), connects
}

// TestTLSVerifiesTheHostThatItIsConnectedTo: the base URL's host, another one, and
// a proxy each have a certificate of their own name.
func TestTLSVerifiesTheHostThatItIsConnectedTo(t *testing.T) {
	a := newAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	type hosts struct {
		base, baseCertificate   string
		other, otherCertificate string
		settings                map[string]any
		baseFails, otherFails   bool
	}
	named := map[string]any{"tls.server-name": "inventory.example"}
	cases := map[string]hosts{
		"a name beside an address":          {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost"},
		"an address beside a name":          {base: "localhost", baseCertificate: "localhost", other: "127.0.0.1", otherCertificate: "127.0.0.1"},
		"an impostor with the base's":       {base: "localhost", baseCertificate: "localhost", other: "127.0.0.1", otherCertificate: "localhost", otherFails: true},
		"an impostor with the address":      {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "127.0.0.1", otherFails: true},
		"an impostor as the base":           {base: "127.0.0.1", baseCertificate: "localhost", other: "localhost", otherCertificate: "localhost", baseFails: true},
		"a name that is set":                {base: "127.0.0.1", baseCertificate: "inventory.example", other: "localhost", otherCertificate: "localhost", settings: named},
		"a name that is set, for the other": {base: "127.0.0.1", baseCertificate: "inventory.example", other: "localhost", otherCertificate: "inventory.example", settings: named, otherFails: true},
		"a name that is set, on one host":   {base: "127.0.0.1", baseCertificate: "inventory.example", other: "127.0.0.1", otherCertificate: "127.0.0.1", settings: named},
		"a name that the base has not":      {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost", settings: named, baseFails: true},
		"an address that is set":            {base: "localhost", baseCertificate: "10.0.0.1", other: "127.0.0.1", otherCertificate: "127.0.0.1", settings: map[string]any{"tls.server-name": "10.0.0.1"}},
		"connections of little age":         {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost", settings: map[string]any{"pool.max-age": "1ns"}},
	}
	for way, proxyName := range map[string]string{"directly": "-", "through a proxy": "", "through an https proxy": "localhost", "through an https proxy by its address": "127.0.0.1"} {
		for mode, protocol := range map[string]string{"auto": "HTTP/2.0", "off": "HTTP/1.1"} {
			for name, test := range cases {
				t.Run(way+"/http2 "+mode+"/"+name, func(t *testing.T) {
					var elsewhere atomic.Value
					base, other := hostWith(t, a, test.baseCertificate, &elsewhere), hostWith(t, a, test.otherCertificate, nil)
					elsewhere.Store(at(other, test.other))
					settings := map[string]any{
						visitorService + "base-url": at(base, test.base), visitorService + "tls.ca-file": ca, visitorService + "http2": mode,
						visitorService + "allowed-hosts": strings.TrimPrefix(at(other, test.other), "https://"),
					}
					for key, value := range test.settings {
						settings[visitorService+key] = value
					}
					var connects *atomic.Int32
					if proxyName != "-" {
						settings[visitorService+"proxy"], connects = proxyWith(t, a, proxyName)
					}
					c := wireBy[visitor](t, settings)
					want := func(what string, fails bool, got string, err error) {
						t.Helper()
						switch isCertificate := errors.As(err, new(*tls.CertificateVerificationError)); {
						case fails && !isCertificate:
							t.Errorf("%s: got %q, %v, want an error of the certificate", what, got, err)
						case !fails && (err != nil || got != protocol):
							t.Errorf("%s: got %q, %v", what, got, err)
						}
					}
					for range 2 {
						got, err := c.Get(t.Context())
						want("the base", test.baseFails, got, err)
						got, err = c.Follow(t.Context(), client.URL(at(other, test.other)+"/there"))
						want("a link", test.otherFails, got, err)
						got, err = c.Visit(t.Context())
						want("a redirect", test.baseFails || test.otherFails, got, err)
					}
					if connects != nil && connects.Load() < 2 {
						t.Errorf("the proxy was asked %d times", connects.Load())
					}
				})
			}
		}
	}
}

// TestAProxyIsVerifiedByItsOwnName: neither by the base URL's nor by the one that
// is set.
func TestAProxyIsVerifiedByItsOwnName(t *testing.T) {
	a := newAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	for _, scheme := range []string{"http", "https"} {
		var elsewhere atomic.Value
		base := hostWith(t, a, "inventory.example", &elsewhere)
		impostor := httptest.NewUnstartedServer(http.NotFoundHandler())
		impostor.Config.ErrorLog = quietLog
		impostor.TLS = &tls.Config{Certificates: []tls.Certificate{a.certificateFor(t, "inventory.example")}}
		impostor.StartTLS()
		t.Cleanup(impostor.Close)
		c := wireBy[visitor](t, map[string]any{
			visitorService + "base-url": strings.Replace(base.URL, "https", scheme, 1), visitorService + "tls.ca-file": ca,
			visitorService + "tls.server-name": "inventory.example", visitorService + "proxy": at(impostor, "localhost"),
		})
		if _, err := c.Get(t.Context()); !errors.As(err, new(*tls.CertificateVerificationError)) {
			t.Errorf("%s: got %v, want an error of the certificate", scheme, err)
		}
	}
}

// TestAConfigurationThatIsGivenVerifiesEachHost is about a [tls.Config] that does
// not come from settings.
func TestAConfigurationThatIsGivenVerifiesEachHost(t *testing.T) {
	a := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	for name, otherFails := range map[string]bool{"localhost": false, "inventory.example": true} {
		var elsewhere atomic.Value
		base, other := hostWith(t, a, "inventory.example", &elsewhere), hostWith(t, a, name, nil)
		elsewhere.Store(at(other, "localhost"))
		adapter := newAdapter(t, client.PortConfig{
			BaseURL: base.URL, AllowedHosts: []string{strings.TrimPrefix(at(other, "localhost"), "https://")},
			TLS: &tls.Config{RootCAs: roots, ServerName: "inventory.example"},
		})
		if status, _, err := adapterGet(t, adapter, "/"); status != http.StatusOK || err != nil {
			t.Errorf("the base: got %d, %v", status, err)
		}
		if _, _, err := adapterGet(t, adapter, "/redirect"); (err != nil) != otherFails {
			t.Errorf("the other: %v", err)
		}
	}
}

func TestAPlainBaseMayRedirectToTLS(t *testing.T) {
	a := newAuthority(t)
	secure := hostWith(t, a, "inventory.example", nil)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, at(secure, "127.0.0.1"), http.StatusFound)
	})
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	for name, fails := range map[string]bool{"inventory.example": false, "payment.example": true} {
		c := wireBy[visitor](t, map[string]any{
			visitorService + "base-url": s.URL, visitorService + "tls.ca-file": ca, visitorService + "tls.server-name": name,
		})
		if _, err := c.Visit(t.Context()); (err != nil) != fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheHandshakeIsLimitedWithTLSSettingsToo(t *testing.T) {
	a := newAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	address := newRawServer(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	c := wireBy[visitor](t, map[string]any{
		visitorService + "base-url": "https://" + address, visitorService + "tls.ca-file": ca, visitorService + "connect-timeout": shortly,
	})
	_, err := c.Get(t.Context())
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || !strings.Contains(err.Error(), "TLS handshake") {
		t.Errorf("got %v, want a timeout of the handshake", err)
	}
}

func TestAuthoritiesOfOtherHostsAreReadAgainToo(t *testing.T) {
	for _, way := range []string{"directly", "through a proxy"} {
		t.Run(way, func(t *testing.T) {
			ours, next := newAuthority(t), newAuthority(t)
			ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), ours.pem)
			var elsewhere atomic.Value
			base, other := hostWith(t, ours, "127.0.0.1", &elsewhere), hostWith(t, next, "localhost", nil)
			settings := map[string]any{
				visitorService + "base-url": base.URL, visitorService + "tls.ca-file": ca,
				visitorService + "allowed-hosts": strings.TrimPrefix(at(other, "localhost"), "https://"),
			}
			if way != "directly" {
				settings[visitorService+"proxy"], _ = proxyWith(t, ours, "")
			}
			c := wireBy[visitor](t, settings)
			link := client.URL(at(other, "localhost"))
			if _, err := c.Follow(t.Context(), link); !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Errorf("before: %v", err)
			}
			write(t, ca, append(next.pem, "\n# renewed"...))
			if _, err := c.Follow(t.Context(), link); err != nil {
				t.Errorf("after: %v", err)
			}
		})
	}
}

// serveUnix starts a server on a socket.
func serveUnix(t *testing.T, handler http.HandlerFunc) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pyfly") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handler}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	return socket
}

// TestAUnixSocketIsForTheBaseURLOnly: whatever else is allowed is dialled.
func TestAUnixSocketIsForTheBaseURLOnly(t *testing.T) {
	a := newAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "HTTP/1.1") })
	secured := hostWith(t, a, "localhost", nil)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "proxied to "+r.URL.Host) })
	for _, base := range []string{"http://docker", "http://localhost", "http://127.0.0.1:80", "http://b\u00fccher.example"} {
		for _, other := range []string{plain.URL, at(secured, "localhost")} {
			t.Run(base+" and "+other, func(t *testing.T) {
				u, _ := url.Parse(other)
				settings := map[string]any{
					visitorService + "base-url": base, visitorService + "tls.ca-file": ca, visitorService + "allowed-hosts": u.Host, visitorService + "http2": "off",
					visitorService + "unix-socket": serveUnix(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/redirect" {
							http.Redirect(w, r, other, http.StatusFound)
							return
						}
						_, _ = io.WriteString(w, "the socket")
					}),
				}
				check := func(another string) {
					t.Helper()
					c := wireBy[visitor](t, settings)
					if got, err := c.Get(t.Context()); got != "the socket" || err != nil {
						t.Errorf("the base: got %q, %v", got, err)
					}
					if got, err := c.Visit(t.Context()); got != another || err != nil {
						t.Errorf("a redirect: got %q, %v", got, err)
					}
					if got, err := c.Follow(t.Context(), client.URL(other)); got != another || err != nil {
						t.Errorf("a link: got %q, %v", got, err)
					}
				}
				check("HTTP/1.1")
				if u.Scheme == "http" {
					settings[visitorService+"proxy"] = proxy.URL
					check("proxied to " + u.Host)
				}
			})
		}
	}
}
