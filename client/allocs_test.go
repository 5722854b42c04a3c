// SPDX-License-Identifier: Apache-2.0

//go:build !race

package client_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// TestWhatACallAllocates keeps the price of a call where it is: 200 bytes of JSON
// into a struct, with retry, budget, circuit breaker and attempt timeout.
func TestWhatACallAllocates(t *testing.T) {
	// The stub takes 3, encoding/json 5, package reflect 6.
	if n := callAllocates(t, nil); n > 19 {
		t.Errorf("a call allocates %v times", n)
	}
}

// TestWhatDiscoveryAllocates: the context that knows the instance, what the call has
// tried, the visit of the instance.
func TestWhatDiscoveryAllocates(t *testing.T) {
	without := callAllocates(t, nil)
	with := callAllocates(t, map[string]any{
		"pyfly.client.default.discovery":             "static",
		"pyfly.client.services.optionless.instances": "a:80, b:80, c:80",
	})
	if with-without > 5 {
		t.Errorf("discovery allocates %v times", with-without)
	}
	t.Log(with - without)
}

func callAllocates(t *testing.T, settings map[string]any) float64 {
	t.Helper()
	body := []byte(`{"id":"42","name":"` + string(bytes.Repeat([]byte("x"), 170)) + `"}`)
	header := http.Header{"Content-Type": {"application/json"}}
	c := wire[optionless](t, settings, portFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}))
	ctx := t.Context()
	call := func() {
		if _, err := c.Get(ctx, "42"); err != nil {
			t.Fatal(err)
		}
	}
	return testing.AllocsPerRun(200, call)
}
