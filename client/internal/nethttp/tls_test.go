// SPDX-License-Identifier: Apache-2.0

package nethttp_test

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
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

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

// verifying returns a configuration that leaves all verification to a function, by
// the name that this is given.
func verifying(roots *x509.CertPool, serverName string) *tls.Config {
	verify := func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: state.ServerName, Roots: roots})
		if err != nil {
			return &tls.CertificateVerificationError{Err: err}
		}
		return nil
	}
	return &tls.Config{ServerName: serverName, InsecureSkipVerify: true, VerifyConnection: verify}
}

// hosts are the names at which two servers are reached and those of their
// certificates.
type hosts struct {
	base, baseCertificate   string
	other, otherCertificate string
	serverName              string // that is configured
	maxAge                  time.Duration
	baseFails, otherFails   bool
}

var hostsOfTLS = map[string]hosts{
	"a name beside an address":          {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost"},
	"an address beside a name":          {base: "localhost", baseCertificate: "localhost", other: "127.0.0.1", otherCertificate: "127.0.0.1"},
	"an impostor with the base's":       {base: "localhost", baseCertificate: "localhost", other: "127.0.0.1", otherCertificate: "localhost", otherFails: true},
	"an impostor with the address":      {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "127.0.0.1", otherFails: true},
	"an impostor as the base":           {base: "127.0.0.1", baseCertificate: "localhost", other: "localhost", otherCertificate: "localhost", baseFails: true},
	"a name that is set":                {base: "127.0.0.1", baseCertificate: "inventory.example", other: "localhost", otherCertificate: "localhost", serverName: "inventory.example"},
	"a name that is set, for the other": {base: "127.0.0.1", baseCertificate: "inventory.example", other: "localhost", otherCertificate: "inventory.example", serverName: "inventory.example", otherFails: true},
	"a name that is set, on one host":   {base: "127.0.0.1", baseCertificate: "inventory.example", other: "127.0.0.1", otherCertificate: "127.0.0.1", serverName: "inventory.example"},
	"a name that the base has not":      {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost", serverName: "inventory.example", baseFails: true},
	"an address that is set":            {base: "localhost", baseCertificate: "10.0.0.1", other: "127.0.0.1", otherCertificate: "127.0.0.1", serverName: "10.0.0.1"},
	"connections of little age":         {base: "127.0.0.1", baseCertificate: "127.0.0.1", other: "localhost", otherCertificate: "localhost", maxAge: 1},
}

// TestTLSVerifiesTheHostThatItIsConnectedTo: the base URL's host, another one, and
// a proxy each have a certificate of their own name.
func TestTLSVerifiesTheHostThatItIsConnectedTo(t *testing.T) {
	a := nettest.NewAuthority(t)
	http1 := &http.Protocols{}
	http1.SetHTTP1(true)
	configurations := map[string]func(serverName string) *tls.Config{
		"by roots":      func(serverName string) *tls.Config { return &tls.Config{ServerName: serverName, RootCAs: a.Pool()} },
		"by a function": func(serverName string) *tls.Config { return verifying(a.Pool(), serverName) },
	}
	proxies := map[string]string{"directly": "-", "through a proxy": "", "through an https proxy": "localhost", "through an https proxy by its address": "127.0.0.1"}
	for how, configure := range configurations {
		for way, proxyName := range proxies {
			for protocol, protocols := range map[string]*http.Protocols{"HTTP/2.0": nil, "HTTP/1.1": http1} {
				for name, test := range hostsOfTLS {
					t.Run(how+"/"+way+"/"+protocol+"/"+name, func(t *testing.T) {
						cfg := port.PortConfig{TLS: configure(test.serverName), Protocols: protocols, MaxConnectionAge: test.maxAge}
						test.check(t, a, cfg, proxyName, protocol)
					})
				}
			}
		}
	}
}

func (h hosts) check(t *testing.T, a *nettest.Authority, cfg port.PortConfig, proxyName, protocol string) {
	var elsewhere atomic.Value
	base, other := hostWith(t, a, h.baseCertificate, &elsewhere), hostWith(t, a, h.otherCertificate, nil)
	link := nettest.At(other, h.other)
	elsewhere.Store(link)
	cfg.BaseURL, cfg.AllowedHosts = nettest.At(base, h.base), []string{strings.TrimPrefix(link, "https://")}
	var connects *atomic.Int32
	if proxyName != "-" {
		var proxy string
		proxy, connects = a.Proxy(t, proxyName)
		cfg.Proxy, _ = url.Parse(proxy)
	}
	adapter := newAdapter(t, cfg)
	want := func(what string, fails bool, target string) {
		t.Helper()
		_, got, err := adapterGet(t, adapter, target)
		switch isCertificate := errors.As(err, new(*tls.CertificateVerificationError)); {
		case fails && !isCertificate:
			t.Errorf("%s: got %q, %v, want an error of the certificate", what, got, err)
		case !fails && (err != nil || got != protocol):
			t.Errorf("%s: got %q, %v", what, got, err)
		}
	}
	for range 2 {
		want("the base", h.baseFails, "/")
		want("a link", h.otherFails, link+"/there")
		want("a redirect", h.baseFails || h.otherFails, "/redirect")
	}
	if connects != nil && connects.Load() < 2 {
		t.Errorf("the proxy was asked %d times", connects.Load())
	}
}

// TestAProxyIsVerifiedByItsOwnName: neither by the base URL's nor by the one that
// is set.
func TestAProxyIsVerifiedByItsOwnName(t *testing.T) {
	a := nettest.NewAuthority(t)
	for _, scheme := range []string{"http", "https"} {
		base := hostWith(t, a, "inventory.example", nil)
		impostor := a.TLSServer(t, "inventory.example", http.NotFoundHandler())
		proxy, _ := url.Parse(nettest.At(impostor, "localhost"))
		adapter := newAdapter(t, port.PortConfig{
			BaseURL: strings.Replace(base.URL, "https", scheme, 1), Proxy: proxy,
			TLS: &tls.Config{RootCAs: a.Pool(), ServerName: "inventory.example"},
		})
		if _, _, err := adapterGet(t, adapter, "/"); !errors.As(err, new(*tls.CertificateVerificationError)) {
			t.Errorf("%s: got %v, want an error of the certificate", scheme, err)
		}
	}
}

func TestAPlainBaseMayRedirectToTLS(t *testing.T) {
	a := nettest.NewAuthority(t)
	secured := hostWith(t, a, "inventory.example", nil)
	plain := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, nettest.At(secured, "127.0.0.1"), http.StatusFound)
	})
	for name, fails := range map[string]bool{"inventory.example": false, "payment.example": true} {
		adapter := newAdapter(t, port.PortConfig{BaseURL: plain.URL, TLS: &tls.Config{RootCAs: a.Pool(), ServerName: name}})
		if _, _, err := adapterGet(t, adapter, "/"); (err != nil) != fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// silence is a connection to a server that says nothing.
func silence(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }()
	return client, nil
}

func TestTheTLSHandshakeIsLimitedByTheConnectTimeout(t *testing.T) {
	for name, config := range map[string]*tls.Config{"without a configuration": nil, "with one": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				adapter := newAdapter(t, port.PortConfig{BaseURL: "https://inventory", DialContext: silence, TLS: config, ConnectTimeout: time.Second, Timeout: -1})
				begun := time.Now()
				_, _, err := adapterGet(t, adapter, "/")
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() || !strings.Contains(err.Error(), "TLS handshake") {
					t.Errorf("got %v, want a timeout of the handshake", err)
				}
				if took := time.Since(begun); took != time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestAUnixSocketIsForTheBaseURLOnly: whatever else is allowed is dialled.
func TestAUnixSocketIsForTheBaseURLOnly(t *testing.T) {
	a := nettest.NewAuthority(t)
	plain := adapterServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "HTTP/1.1") })
	secured := hostWith(t, a, "localhost", nil)
	proxy := adapterServer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "proxied to "+r.URL.Host) })
	http1 := &http.Protocols{}
	http1.SetHTTP1(true)
	for _, base := range []string{"http://docker", "http://localhost", "http://127.0.0.1:80", "http://b\u00fccher.example"} {
		for _, other := range []string{plain.URL, nettest.At(secured, "localhost")} {
			t.Run(base+" and "+other, func(t *testing.T) {
				u, _ := url.Parse(other)
				cfg := port.PortConfig{
					BaseURL: base, TLS: &tls.Config{RootCAs: a.Pool()}, AllowedHosts: []string{u.Host}, Protocols: http1,
					UnixSocket: nettest.UnixServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/redirect" {
							http.Redirect(w, r, other, http.StatusFound)
							return
						}
						_, _ = io.WriteString(w, "the socket")
					})),
				}
				check := func(another string) {
					t.Helper()
					adapter := newAdapter(t, cfg)
					for target, want := range map[string]string{"/": "the socket", "/redirect": another, other + "/": another} {
						if _, got, err := adapterGet(t, adapter, target); got != want || err != nil {
							t.Errorf("%s: got %q, %v, want %q", target, got, err, want)
						}
					}
				}
				check("HTTP/1.1")
				if u.Scheme == "http" {
					cfg.Proxy, _ = url.Parse(proxy.URL)
					check("proxied to " + u.Host)
				}
			})
		}
	}
}
