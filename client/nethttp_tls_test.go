// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/internal/nettest"
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
func hostWith(t *testing.T, a *nettest.Authority, name string, elsewhere *atomic.Value) *httptest.Server {
	t.Helper()
	return a.TLSServer(t, name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, elsewhere.Load().(string), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
}

// TestTLSVerifiesTheHostThatItIsConnectedTo: the base URL's host, another one, and
// a proxy each have a certificate of their own name.
func TestTLSVerifiesTheHostThatItIsConnectedTo(t *testing.T) {
	a := nettest.NewAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.PEM)
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
					elsewhere.Store(nettest.At(other, test.other))
					settings := map[string]any{
						visitorService + "base-url": nettest.At(base, test.base), visitorService + "tls.ca-file": ca, visitorService + "http2": mode,
						visitorService + "allowed-hosts": strings.TrimPrefix(nettest.At(other, test.other), "https://"),
					}
					for key, value := range test.settings {
						settings[visitorService+key] = value
					}
					var connects *atomic.Int32
					if proxyName != "-" {
						settings[visitorService+"proxy"], connects = a.Proxy(t, proxyName)
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
						got, err = c.Follow(t.Context(), client.URL(nettest.At(other, test.other)+"/there"))
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
	a := nettest.NewAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.PEM)
	for _, scheme := range []string{"http", "https"} {
		var elsewhere atomic.Value
		base := hostWith(t, a, "inventory.example", &elsewhere)
		impostor := a.TLSServer(t, "inventory.example", http.NotFoundHandler())
		c := wireBy[visitor](t, map[string]any{
			visitorService + "base-url": strings.Replace(base.URL, "https", scheme, 1), visitorService + "tls.ca-file": ca,
			visitorService + "tls.server-name": "inventory.example", visitorService + "proxy": nettest.At(impostor, "localhost"),
		})
		if _, err := c.Get(t.Context()); !errors.As(err, new(*tls.CertificateVerificationError)) {
			t.Errorf("%s: got %v, want an error of the certificate", scheme, err)
		}
	}
}

// TestAConfigurationThatIsGivenVerifiesEachHost is about a [tls.Config] that does
// not come from settings.
func TestAConfigurationThatIsGivenVerifiesEachHost(t *testing.T) {
	a := nettest.NewAuthority(t)
	for name, otherFails := range map[string]bool{"localhost": false, "inventory.example": true} {
		var elsewhere atomic.Value
		base, other := hostWith(t, a, "inventory.example", &elsewhere), hostWith(t, a, name, nil)
		elsewhere.Store(nettest.At(other, "localhost"))
		adapter := newAdapter(t, client.PortConfig{
			BaseURL: base.URL, AllowedHosts: []string{strings.TrimPrefix(nettest.At(other, "localhost"), "https://")},
			TLS: &tls.Config{RootCAs: a.Pool(), ServerName: "inventory.example"},
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
	a := nettest.NewAuthority(t)
	secure := hostWith(t, a, "inventory.example", nil)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, nettest.At(secure, "127.0.0.1"), http.StatusFound)
	})
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.PEM)
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
	a := nettest.NewAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.PEM)
	address := nettest.RawServer(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
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
			ours, next := nettest.NewAuthority(t), nettest.NewAuthority(t)
			ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), ours.PEM)
			var elsewhere atomic.Value
			base, other := hostWith(t, ours, "127.0.0.1", &elsewhere), hostWith(t, next, "localhost", nil)
			settings := map[string]any{
				visitorService + "base-url": base.URL, visitorService + "tls.ca-file": ca,
				visitorService + "allowed-hosts": strings.TrimPrefix(nettest.At(other, "localhost"), "https://"),
			}
			if way != "directly" {
				settings[visitorService+"proxy"], _ = ours.Proxy(t, "")
			}
			c := wireBy[visitor](t, settings)
			link := client.URL(nettest.At(other, "localhost"))
			if _, err := c.Follow(t.Context(), link); !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Errorf("before: %v", err)
			}
			write(t, ca, append(next.PEM, "\n# renewed"...))
			if _, err := c.Follow(t.Context(), link); err != nil {
				t.Errorf("after: %v", err)
			}
		})
	}
}

// TestAUnixSocketIsForTheBaseURLOnly: whatever else is allowed is dialled.
func TestAUnixSocketIsForTheBaseURLOnly(t *testing.T) {
	a := nettest.NewAuthority(t)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.PEM)
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "HTTP/1.1") })
	secured := hostWith(t, a, "localhost", nil)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "proxied to "+r.URL.Host) })
	for _, base := range []string{"http://docker", "http://localhost", "http://127.0.0.1:80", "http://b\u00fccher.example"} {
		for _, other := range []string{plain.URL, nettest.At(secured, "localhost")} {
			t.Run(base+" and "+other, func(t *testing.T) {
				u, _ := url.Parse(other)
				settings := map[string]any{
					visitorService + "base-url": base, visitorService + "tls.ca-file": ca, visitorService + "allowed-hosts": u.Host, visitorService + "http2": "off",
					visitorService + "unix-socket": nettest.UnixServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/redirect" {
							http.Redirect(w, r, other, http.StatusFound)
							return
						}
						_, _ = io.WriteString(w, "the socket")
					})),
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
