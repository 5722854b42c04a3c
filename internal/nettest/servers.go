// SPDX-License-Identifier: Apache-2.0

// Package nettest creates servers and certificates for tests of HTTP code.
// Everything is closed at the end of the test.
package nettest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// quietLog discards the errors of handshakes that tests expect to fail.
var quietLog = log.New(io.Discard, "", 0)

// TLSServer starts a server that supports HTTP/2, with a certificate for one
// name or address only.
func (a *Authority) TLSServer(t testing.TB, name string, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.CertificateFor(t, name)}}
	s.Config.ErrorLog = quietLog
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// At returns the URL of a server with another name for its host.
func At(s *httptest.Server, name string) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	scheme, _, _ := strings.Cut(s.URL, ":")
	return scheme + "://" + net.JoinHostPort(name, port)
}

// Proxy starts a proxy for CONNECT that counts its connections. It uses TLS if
// it has a name.
func (a *Authority) Proxy(t testing.TB, name string) (url string, connects *atomic.Int32) {
	t.Helper()
	connects = &atomic.Int32{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tunnel(w, r, connects) })
	if name != "" { // HTTP/2, which TLSServer speaks, has no CONNECT
		return At(a.TLSServer(t, name, handler), name), connects
	}
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = quietLog
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connects
}

func tunnel(w http.ResponseWriter, r *http.Request, connects *atomic.Int32) {
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
}

// CountingServer starts a server that counts its connections.
func CountingServer(t testing.TB, h http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &connections
}

// RawServer accepts TCP connections and passes them to serve, which runs on its
// own goroutine.
func RawServer(t testing.TB, serve func(*net.TCPConn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go serve(conn.(*net.TCPConn))
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

// UnixServer starts a server on a Unix socket.
func UnixServer(t testing.TB, h http.Handler) (socket string) {
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
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	return socket
}
