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
	body := []byte(`{"id":"42","name":"` + string(bytes.Repeat([]byte("x"), 170)) + `"}`)
	header := http.Header{"Content-Type": {"application/json"}}
	c := wire[optionless](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}))
	ctx := t.Context()
	call := func() {
		if _, err := c.Get(ctx, "42"); err != nil {
			t.Fatal(err)
		}
	}
	// The stub takes 3, encoding/json 5, package reflect 6.
	if n := testing.AllocsPerRun(200, call); n > 19 {
		t.Errorf("a call allocates %v times", n)
	}
}
