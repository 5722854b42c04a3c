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
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/nettest"
	"github.com/pyfly-go/pyfly/kernel"
)

// serveTLS starts a server that tells the name in its client's certificate.
func serveTLS(t *testing.T, a *nettest.Authority, name string) *httptest.Server {
	t.Helper()
	certificate, key := a.Issue(t, name)
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		}
	}))
	s.Config.ErrorLog = nil
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: a.Pool()}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type textClient struct {
	client.HttpClient `url:"http://text.invalid" name:"text"`

	Get func(ctx context.Context) (string, error) `get:"/"`
}

const textService = "pyfly.client.services.text."

func TestTLSSettings(t *testing.T) {
	ours, other := nettest.NewAuthority(t), nettest.NewAuthority(t)
	s := serveTLS(t, ours, "inventory.example")
	dir := t.TempDir()
	ca := write(t, filepath.Join(dir, "ca.pem"), ours.PEM)
	wrongCA := write(t, filepath.Join(dir, "other.pem"), other.PEM)
	certificate, key := ours.Issue(t, "shop")
	certFile, keyFile := write(t, filepath.Join(dir, "shop.pem"), certificate), write(t, filepath.Join(dir, "shop.key"), key)

	cases := map[string]struct {
		settings map[string]any
		want     string
		err      bool
	}{
		"no settings":            {nil, "", true},
		"the authority":          {map[string]any{"ca-file": ca}, "", false},
		"another authority":      {map[string]any{"ca-file": wrongCA}, "", true},
		"the server's name":      {map[string]any{"ca-file": ca, "server-name": "inventory.example"}, "", false},
		"another server's name":  {map[string]any{"ca-file": ca, "server-name": "payment.example"}, "", true},
		"a client's certificate": {map[string]any{"ca-file": ca, "cert-file": certFile, "key-file": keyFile}, "shop", false},
		"a minimum version":      {map[string]any{"ca-file": ca, "min-version": "1.3"}, "", false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{textService + "base-url": s.URL}
			for key, value := range test.settings {
				settings[textService+"tls."+key] = value
			}
			c := wireBy[textClient](t, settings)
			got, err := c.Get(t.Context())
			if got != test.want || (err != nil) != test.err {
				t.Errorf("got %q, %v", got, err)
			}
			if test.err && !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Errorf("the error is not about the certificate: %v", err)
			}
		})
	}
}

func TestCertificatesAreReadAgainWhenTheirFilesChange(t *testing.T) {
	ours, next := nettest.NewAuthority(t), nettest.NewAuthority(t)
	first, second := serveTLS(t, ours, "a.example"), serveTLS(t, next, "a.example")
	dir := t.TempDir()
	ca := write(t, filepath.Join(dir, "ca.pem"), ours.PEM)
	certificate, key := ours.Issue(t, "old")
	certFile, keyFile := write(t, filepath.Join(dir, "c.pem"), certificate), write(t, filepath.Join(dir, "c.key"), key)

	var target atomic.Value // of string
	target.Store(first.Listener.Addr().String())
	relay := newRelay(t, &target)
	c := wireBy[textClient](t, map[string]any{
		textService + "base-url": "https://" + relay, textService + "tls.ca-file": ca,
		textService + "tls.cert-file": certFile, textService + "tls.key-file": keyFile, textService + "pool.max-connections": 1,
	})
	if got, err := c.Get(t.Context()); err != nil || got != "old" {
		t.Fatalf("before: %q, %v", got, err)
	}

	target.Store(second.Listener.Addr().String())
	write(t, ca, append(next.PEM, "\n# renewed"...))
	certificate, key = next.Issue(t, "new")
	write(t, certFile, append(certificate, '\n'))
	write(t, keyFile, append(key, '\n'))
	first.CloseClientConnections()
	if got, err := retryOnce(t, c); err != nil || got != "new" {
		t.Errorf("after: %q, %v", got, err)
	}

	write(t, ca, []byte("not a certificate")) // what was read before stays
	second.CloseClientConnections()
	if got, err := retryOnce(t, c); err != nil || got != "new" {
		t.Errorf("with a broken file: %q, %v", got, err)
	}
}

// retryOnce calls again if the first call met the connection that was closed.
func retryOnce(t *testing.T, c *textClient) (string, error) {
	t.Helper()
	got, err := c.Get(t.Context())
	if err != nil {
		got, err = c.Get(t.Context())
	}
	return got, err
}

// newRelay hands connections on to an address that may change.
func newRelay(t *testing.T, target *atomic.Value) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target.Load().(string))
			if err != nil {
				_ = in.Close()
				continue
			}
			join := func(a, b net.Conn) { _, _ = io.Copy(a, b); _ = a.Close(); _ = b.Close() }
			go join(in, out)
			go join(out, in)
		}
	}()
	return listener.Addr().String()
}

func TestAuthSettings(t *testing.T) {
	cases := map[string]struct {
		settings map[string]any
		want     string
	}{
		"a token":             {map[string]any{"auth.bearer.token": "${TOKEN:t-1}"}, "Bearer t-1"},
		"a name and password": {map[string]any{"auth.basic.username": "ada", "auth.basic.password": "secret"}, "Basic YWRhOnNlY3JldA=="},
		"over a header":       {map[string]any{"auth.bearer.token": "t-2", "headers": map[string]any{"authorization": "old"}}, "Bearer t-2"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil)
			settings := over("text", s.URL)
			for key, value := range test.settings {
				settings[textService+key] = value
			}
			c := wireBy[textClient](t, settings)
			if _, err := c.Get(t.Context()); err != nil || s.last(t).Header.Get("Authorization") != test.want {
				t.Errorf("sent %q, %v", s.last(t).Header.Get("Authorization"), err)
			}
		})
	}
}

func TestAProxyIsUsed(t *testing.T) {
	proxy := serve(t, nil)
	c := wireBy[textClient](t, map[string]any{
		textService + "base-url": "http://far.invalid", textService + "proxy": proxy.URL,
	})
	if _, err := c.Get(t.Context()); err != nil || len(proxy.seen()) != 1 {
		t.Errorf("%v; the proxy saw %d requests", err, len(proxy.seen()))
	}
}

func TestConnectionSettingsReachThePort(t *testing.T) {
	var got client.PortConfig
	wireBy[textClient](t, map[string]any{
		"pyfly.client.default.pool.max-connections": 7, textService + "pool.max-idle": 3, textService + "pool.idle-timeout": "5s",
		"pyfly.client.default.pool.max-age": "2m",
	}, client.WithFactory(func(cfg client.PortConfig) (client.HttpClientPort, error) {
		got = cfg
		return portFunc(nil), nil
	}))
	if got.MaxConnections != 7 || got.MaxIdleConnections != 3 || got.IdleTimeout != 5*time.Second || got.MaxConnectionAge != 2*time.Minute || got.TLS != nil || got.Proxy != nil {
		t.Errorf("%+v", got)
	}
}

func TestWrongConnectionSettings(t *testing.T) {
	for key, value := range map[string]any{
		"tls.min-version": "1.1", "tls.ca-file": "missing.pem", "tls.cert-file": "only.pem", "proxy": "proxy",
		"http2": "yes", "allowed-hosts": "https://x", "pool.max-age": "-1s", "request-compression": "brotli", "pool.max-connections": -1, "pool.idle-timeout": "-1s",
	} {
		p := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(map[string]any{textService + key: value})))
		_, err := p.AfterInit(client.NewStub[textClient](), "client")
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
	both := map[string]any{textService + "auth.bearer.token": "secret-token", textService + "auth.basic.username": "ada"}
	_, err := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(both))).AfterInit(client.NewStub[textClient](), "client")
	if !errors.Is(err, kernel.ErrConfig) || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("both: %v", err)
	}
}

func TestAUnixSocketTakesThePlaceOfTheHost(t *testing.T) {
	socket := nettest.UnixServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }))
	c := wireBy[textClient](t, map[string]any{textService + "base-url": "http://docker", textService + "unix-socket": socket})
	if got, err := c.Get(t.Context()); err != nil || got != "docker" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHTTP2Modes(t *testing.T) {
	protocol := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }
	ours := nettest.NewAuthority(t)
	certificate, key := ours.Issue(t, "a.example")
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewUnstartedServer(http.HandlerFunc(protocol))
	secure.EnableHTTP2, secure.TLS = true, &tls.Config{Certificates: []tls.Certificate{pair}}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(protocol))
	plain.Config.Protocols = &http.Protocols{}
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	t.Cleanup(plain.Close)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), ours.PEM)
	for _, test := range []struct{ url, mode, want string }{
		{secure.URL, "auto", "HTTP/2.0"}, {secure.URL, "off", "HTTP/1.1"}, {secure.URL, "prior-knowledge", "HTTP/2.0"},
		{plain.URL, "auto", "HTTP/1.1"}, {plain.URL, "off", "HTTP/1.1"}, {plain.URL, "prior-knowledge", "HTTP/2.0"},
	} {
		c := wireBy[textClient](t, map[string]any{
			textService + "base-url": test.url, textService + "tls.ca-file": ca, textService + "http2": test.mode,
		})
		if got, err := c.Get(t.Context()); got != test.want || err != nil {
			t.Errorf("%s, %s: got %q, %v; want %s", test.url[:5], test.mode, got, err, test.want)
		}
	}
}

// countingTransport is what users wrap around a transport.
type countingTransport struct {
	http.RoundTripper
	n *atomic.Int32
}

func (c countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

func TestATransportCanBeWrapped(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	})
	var n atomic.Int32
	wrap := client.WithTransport(func(next http.RoundTripper) http.RoundTripper { return countingTransport{next, &n} })
	c := wireBy[textClient](t, map[string]any{textService + "base-url": s.URL}, wrap)
	if _, err := c.Get(t.Context()); err != nil || n.Load() != 2 {
		t.Errorf("%v; the wrapper saw %d requests, want 2", err, n.Load())
	}
	p := client.NewHttpClientBeanPostProcessor(client.WithTransport(func(http.RoundTripper) http.RoundTripper { return nil }))
	if _, err := p.AfterInit(client.NewStub[textClient](), "client"); err == nil || !strings.Contains(err.Error(), "WrapTransport returned nil") {
		t.Errorf("got %v", err)
	}
}

func TestAServerWithoutTLSIsNamed(t *testing.T) {
	s := serve(t, nil)
	c := wireBy[textClient](t, map[string]any{textService + "base-url": strings.Replace(s.URL, "http:", "https:", 1)})
	if _, err := c.Get(t.Context()); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestNamesOfSecretsCanBeAdded(t *testing.T) {
	port := portFunc(func(*http.Request) (*http.Response, error) {
		return answer(500, "", "Set-Cookie", "session=1", "X-Internal", "2", "X-Other", "3"), nil
	})
	c := wire[catalog](t, map[string]any{"pyfly.client.default.secret-names": []string{"X-Internal", "sort"}}, port)
	_, err := c.Filter(t.Context(), nil, nil, nil)
	var failed *client.Error
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if failed.URL != "http://catalog.invalid/products?sort=******" {
		t.Errorf("the URL is %s", failed.URL)
	}
	for name, want := range map[string]string{"Set-Cookie": "******", "X-Internal": "******", "X-Other": "3"} {
		if got := failed.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
