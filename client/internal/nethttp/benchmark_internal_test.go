// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client/port"
)

func benchmarkTransport() http.RoundTripper {
	return roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
	})
}

func BenchmarkAdapter(b *testing.B) {
	a := newStubbedAdapter(port.PortConfig{}, benchmarkTransport())
	ctx, cancel := context.WithTimeout(b.Context(), port.DefaultTimeout/2) // as the engine sets one
	defer cancel()
	benchmarkRequests(b, func() (*http.Response, error) {
		return a.Request((&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/x"}, Header: http.Header{}}).WithContext(ctx))
	})
}

func BenchmarkHTTPClient(b *testing.B) {
	c := http.Client{Transport: benchmarkTransport()}
	ctx, cancel := context.WithTimeout(b.Context(), port.DefaultTimeout/2)
	defer cancel()
	benchmarkRequests(b, func() (*http.Response, error) {
		return c.Do((&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "inventory", Path: "/api/x"}, Header: http.Header{}}).WithContext(ctx))
	})
}

func benchmarkRequests(b *testing.B, request func() (*http.Response, error)) {
	b.ReportAllocs()
	var p [512]byte
	for b.Loop() {
		response, err := request()
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = response.Body.Read(p[:])
		}
		_ = response.Body.Close()
	}
}
