// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client/port"
)

func TestAnErrorAfterARedirectProvesNothing(t *testing.T) {
	for name, end := range map[string]error{
		"no connection":            &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
		"an unknown name":          &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "inventory"}},
		"only the name":            &net.DNSError{Err: "no such host", Name: "inventory"},
		"a wrapper on http.Client": &url.Error{Op: "Get", URL: "http://inventory/", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}},
	} {
		t.Run(name, func(t *testing.T) {
			isFirst := true
			a := newStubbedAdapter(port.PortConfig{}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
				if !isFirst {
					return nil, end
				}
				isFirst = false
				return &http.Response{StatusCode: 303, Header: http.Header{"Location": {"/there"}}, Body: http.NoBody}, nil
			}))
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			_, err := a.Request(req)
			if err == nil || port.IsNotSent(err) || !strings.HasPrefix(err.Error(), "redirect: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAResponseAfterARedirectSaysSo(t *testing.T) {
	// A transport of the user's may leave Response.Request nil.
	a := newStubbedAdapter(port.PortConfig{}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/there" {
			return &http.Response{StatusCode: 429, Header: http.Header{}, Body: http.NoBody}, nil
		}
		return &http.Response{StatusCode: 303, Header: http.Header{"Location": {"/there"}}, Body: http.NoBody}, nil
	}))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	response, err := a.Request(req)
	if err != nil || response.Request == nil || response.Request.Response == nil || response.Request.URL.Path != "/there" {
		t.Errorf("got %+v, %v", response, err)
	}
}

func TestRedirectsStayOnTheirHost(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"http://a/x", "http://a/y", true},
		{"http://a/x", "http://A:80/y", true},
		{"https://a/x", "https://a:443/y", true},
		{"http://a:8080/x", "http://a:8080/y", true},
		{"http://a/x", "https://a/y", true},
		{"http://a:8080/x", "https://a:8443/y", true},
		{"https://a/x", "http://a/y", false},
		{"https://a:443/x", "http://a:443/y", false},
		{"http://a/x", "http://a:8080/y", false},
		{"https://a/x", "https://a:8443/y", false},
		{"http://a/x", "http://b/y", false},
		{"http://a/x", "http://sub.a/y", false},
		{"http://a/x", "https://b/y", false},
		{"http://a/x", "ftp://a/y", false},
	} {
		from, _ := url.Parse(c.from)
		to, _ := url.Parse(c.to)
		if got := staysOnHost(from, to); got != c.want {
			t.Errorf("from %s to %s: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}
