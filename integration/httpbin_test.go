// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

// httpbinServer is go-httpbin on loopback, with a count of what reaches it.
type httpbinServer struct {
	*httptest.Server
	requests    atomic.Int32
	connections atomic.Int32
	failFirst   atomic.Int32                // so many requests are answered with 503
	arrived     chan struct{}               // one for each request
	finished    chan httpbin.Result         // what httpbin answered
	header      atomic.Pointer[http.Header] // of the last request
}

// serve starts an httpbin.
func serve(t *testing.T) *httpbinServer {
	t.Helper()
	const most = 1000 // requests of one test
	s := &httpbinServer{arrived: make(chan struct{}, most), finished: make(chan httpbin.Result, most)}
	bin := httpbin.New(httpbin.WithObserver(func(_ context.Context, r httpbin.Result) { s.finished <- r }))
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		s.arrived <- struct{}{}
		header := r.Header.Clone()
		s.header.Store(&header)
		if s.failFirst.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		bin.ServeHTTP(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// wantRequests checks how many requests have reached the server since it was
// last asked.
func (s *httpbinServer) wantRequests(t *testing.T, want int32) {
	t.Helper()
	if got := s.requests.Swap(0); got != want {
		t.Errorf("the server saw %d requests, want %d", got, want)
	}
}

// Echo is what httpbin tells of a request.
type Echo struct {
	Method  string          `json:"method"`
	Args    url.Values      `json:"args"`
	Headers http.Header     `json:"headers"`
	URL     string          `json:"url"`
	Data    string          `json:"data"`
	JSON    json.RawMessage `json:"json"`
	Gzipped bool            `json:"gzipped"`
}

// Product is what the bodies of these tests hold.
type Product struct {
	Name  string   `json:"name"`
	Price int      `json:"price"`
	Tags  []string `json:"tags,omitempty"`
}
