// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/pyfly-go/pyfly/client/port"
)

// requestCases are the rules for what a server receives.
func requestCases() []conformanceCase {
	return []conformanceCase{
		{"the request's path is appended to the base URL", targetCheck("", "/products/42", "/products/42")},
		{"the base URL's path comes first", targetCheck("/api/v1", "/products", "/api/v1/products")},
		{"a slash at the end of the base URL is not doubled", targetCheck("/api/", "/products", "/api/products")},
		{"the query is kept", targetCheck("", "/products?tag=a&tag=b%26c&q=x+y", "/products?tag=a&tag=b%26c&q=x+y")},
		{"an escaped path is kept", targetCheck("/api", "/files/a%2Fb%20c", "/api/files/a%2Fb%20c")},
		{"an escaped base path is kept", targetCheck("/a%2Fb", "/x", "/a%2Fb/x")},
		{"verb, headers and body are sent", checkSent},
		{"PortConfig.Header is sent", headerCheck("", "configured")},
		{"a request's header wins over PortConfig.Header", headerCheck("own", "own")},
	}
}

func targetCheck(base, target, want string) func(*trial) error {
	return func(t *trial) error {
		adapter, err := t.serve(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.RequestURI)
		}, port.PortConfig{BaseURL: base})
		if err != nil {
			return err
		}
		got, err := t.fetch(t.ctx, adapter, target)
		if err != nil {
			return err
		}
		return differs("request target", got.body, want)
	}
}

func checkSent(t *trial) error {
	adapter, err := t.serve(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		h.Set("X-Verb", r.Method)
		h["X-Values"] = r.Header["X-Value"]
		h.Set("X-Type", r.Header.Get("Content-Type"))
		_, _ = w.Write(body)
	}, port.PortConfig{})
	if err != nil {
		return err
	}
	for _, verb := range []string{http.MethodPost, http.MethodPut, http.MethodPatch} {
		if err := checkSentBy(t, adapter, verb); err != nil {
			return err
		}
	}
	req, err := newRequest(t.ctx, http.MethodDelete, "/", "")
	if err != nil {
		return err
	}
	got, err := t.send(adapter, req)
	return cmp.Or(err, differs("verb", got.header.Get("X-Verb"), http.MethodDelete))
}

func checkSentBy(t *trial, adapter port.HttpClientPort, verb string) error {
	const body = `{"name":"Lamp"}`
	req, err := newRequest(t.ctx, verb, "/", body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header["X-Value"] = []string{"one", "two"}
	got, err := t.send(adapter, req)
	if err != nil {
		return err
	}
	values := got.header["X-Values"]
	if len(values) != 2 || values[0] != "one" || values[1] != "two" {
		err = errors.New("of a header with two values, not both were sent in order")
	}
	return errors.Join(err,
		differs("verb", got.header.Get("X-Verb"), verb),
		differs("Content-Type", got.header.Get("X-Type"), "application/json"),
		differs("body", got.body, body))
}

func headerCheck(own, want string) func(*trial) error {
	return func(t *trial) error {
		adapter, err := t.serve(func(w http.ResponseWriter, r *http.Request) {
			for _, value := range r.Header["X-Tenant"] {
				_, _ = io.WriteString(w, value)
			}
		}, port.PortConfig{Header: http.Header{"X-Tenant": {"configured"}}})
		if err != nil {
			return err
		}
		req, err := newRequest(t.ctx, http.MethodGet, "/", "")
		if err != nil {
			return err
		}
		if own != "" {
			req.Header.Set("X-Tenant", own)
		}
		got, err := t.send(adapter, req)
		return cmp.Or(err, differs("X-Tenant", got.body, want))
	}
}
