// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client/port"
)

func TestAdapterFollowsRedirectsOfTheSameHost(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err == nil {
			http.Redirect(w, r, "http://"+r.Host+"/end", status)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, body, r.Header.Get("Authorization"))
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL, Header: http.Header{"Authorization": {"Bearer x"}}})
	for _, c := range []struct {
		verb, body string
		status     int
		want       string
	}{
		{http.MethodGet, "", 301, "GET  Bearer x"},
		{http.MethodPost, "data", 301, "GET  Bearer x"}, // as net/http and browsers do
		{http.MethodPost, "data", 302, "GET  Bearer x"},
		{http.MethodPost, "data", 303, "GET  Bearer x"},
		{http.MethodPost, "data", 307, "POST data Bearer x"},
		{http.MethodPut, "data", 308, "PUT data Bearer x"},
	} {
		req := adapterRequest(t, t.Context(), c.verb, fmt.Sprintf("/%d", c.status), strings.NewReader(c.body))
		if _, got, err := adapterSend(adapter, req); got != c.want || err != nil {
			t.Errorf("%s after %d: got %q, %v; want %q", c.verb, c.status, got, err, c.want)
		}
	}
}

func TestAdapterReturnsRedirectsToAnotherHost(t *testing.T) {
	var seen atomic.Int32
	other := adapterServer(t, func(http.ResponseWriter, *http.Request) { seen.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL, Header: http.Header{"Authorization": {"Bearer x"}}})
		req := adapterRequest(t, t.Context(), http.MethodPost, "/", strings.NewReader("data"))
		if got, _, err := adapterSend(adapter, req); got != status || err != nil {
			t.Errorf("got %d, %v; want %d", got, err, status)
		}
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the other host saw %d requests, want none", n)
	}
}

func TestAdapterFollowsTenRedirects(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		var left int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &left)
		if left > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
		}
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	if status, _, err := adapterGet(t, adapter, "/10"); status != http.StatusOK || err != nil {
		t.Errorf("10 redirects: got %d, %v", status, err)
	}
	if _, _, err := adapterGet(t, adapter, "/11"); err == nil || !strings.Contains(err.Error(), "more than 10 times") {
		t.Errorf("11 redirects: %v", err)
	}
	if err := adapter.Stop(t.Context()); err != nil {
		t.Errorf("a redirected request is still in flight: %v", err)
	}
}

func TestAdapterKeepsNoCookies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		_, _ = fmt.Fprint(w, len(r.Cookies()))
	}))
	t.Cleanup(server.Close)
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	for range 2 {
		if _, cookies, err := adapterGet(t, adapter, "/"); cookies != "0" || err != nil {
			t.Errorf("the server was sent %s cookies, %v", cookies, err)
		}
	}
}

func TestAdapterFollowsRedirectsToAllowedHostsWithoutSecrets(t *testing.T) {
	got := make(chan *http.Request, 2)
	var files *httptest.Server
	files = adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r
		if r.URL.Path == "/" {
			http.Redirect(w, r, files.URL+"/again", http.StatusFound)
		}
	})
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, files.URL, http.StatusFound) })
	host := strings.TrimPrefix(files.URL, "http://")
	adapter := newAdapter(t, port.PortConfig{
		BaseURL: server.URL, AllowedHosts: []string{host},
		Header: http.Header{"Authorization": {"Bearer x"}, "X-Api-Key": {"y"}, "Accept": {"text/plain"}},
	})
	if status, _, err := adapterGet(t, adapter, "/?token=z"); status != http.StatusOK || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	for range 2 {
		r := <-got
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Accept") != "text/plain" {
			t.Errorf("%s was sent %v", r.URL, r.Header)
		}
	}
}

func TestAdapterDoesNotComeBackFromAnAllowedHost(t *testing.T) {
	var server *httptest.Server
	files := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL+"/delete", http.StatusTemporaryRedirect)
	})
	server = adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("the allowed host could make the client send to its own")
		}
		http.Redirect(w, r, files.URL, http.StatusTemporaryRedirect)
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL, AllowedHosts: []string{strings.TrimPrefix(files.URL, "http://")}})
	if status, _, err := adapterGet(t, adapter, "/"); status != http.StatusTemporaryRedirect || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
}
