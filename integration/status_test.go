// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// StatusClient asks for answers of a given status.
type StatusClient struct {
	client.ServiceClient `url:"http://${httpbin.host}" retry:"3" retry-base-delay:"0s" failure-threshold:"3"`

	Get  func(ctx context.Context, code int) (Echo, error)               `get:"/status/{code}"`
	Post func(ctx context.Context, code int, body Product) (Echo, error) `post:"/status/{code}"`
	Pay  func(ctx context.Context, code int, body Product) (Echo, error) `post:"/status/{code}" idempotent:"true"`
	// Plain answers with JSON, whatever was asked before.
	Plain func(ctx context.Context) (Echo, error) `get:"/get"`
}

func TestStatusBecomesATypedError(t *testing.T) {
	cases := []struct {
		status   int
		kind     error // nil: no error
		getSent  int32 // how often a GET is sent,
		postSent int32 // and a POST
		opens    bool  // whether three of them open the circuit
	}{
		{200, nil, 1, 1, false},
		{204, nil, 1, 1, false},
		{400, client.ErrValidation, 1, 1, false},
		{401, client.ErrAuthentication, 1, 1, false},
		{403, client.ErrAuthentication, 1, 1, false},
		{404, client.ErrNotFound, 1, 1, false},
		{409, client.ErrConflict, 1, 1, false},
		{422, client.ErrUnprocessable, 1, 1, false},
		{429, client.ErrRateLimited, 3, 3, true},
		{500, client.ErrUnavailable, 3, 1, true},
		{501, client.ErrUnavailable, 1, 1, false},
		{503, client.ErrUnavailable, 3, 1, true},
	}
	for _, tc := range cases {
		verbs := []struct {
			name string
			sent int32
			call func(*StatusClient) (Echo, error)
		}{
			{"GET", tc.getSent, func(c *StatusClient) (Echo, error) { return c.Get(t.Context(), tc.status) }},
			{"POST", tc.postSent, func(c *StatusClient) (Echo, error) { return c.Post(t.Context(), tc.status, Product{}) }},
			{"idempotent POST", tc.getSent, func(c *StatusClient) (Echo, error) { return c.Pay(t.Context(), tc.status, Product{}) }},
		}
		for _, verb := range verbs {
			t.Run(fmt.Sprintf("%d to %s", tc.status, verb.name), func(t *testing.T) {
				server := serve(t)
				c := start[StatusClient](t, server, "")
				_, err := verb.call(c)
				checkStatusError(t, err, tc.kind, tc.status, int(verb.sent))
				server.wantRequests(t, verb.sent)
				for c.CircuitBreaker().State() == resilience.StateClosed && server.requests.Load() < 3 {
					_, _ = verb.call(c)
				}
				if opened := c.CircuitBreaker().State() == resilience.StateOpen; opened != tc.opens {
					t.Errorf("the circuit opened: %t, want %t", opened, tc.opens)
				}
			})
		}
	}
}

func checkStatusError(t *testing.T, err, kind error, status, attempts int) {
	t.Helper()
	if kind == nil {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var e *client.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) {
		t.Fatalf("%v is no %q", err, kind)
	}
	if e.Status != status || e.Attempts != attempts || e.Client != "status-client" || e.Header == nil {
		t.Errorf("%+v", e)
	}
	for _, other := range []error{
		client.ErrValidation, client.ErrAuthentication, client.ErrNotFound, client.ErrConflict,
		client.ErrUnprocessable, client.ErrRateLimited, client.ErrUnavailable, client.ErrDecode, kernel.ErrCircuitOpen,
	} {
		if other != kind && errors.Is(err, other) {
			t.Errorf("%v is %q, too", err, other)
		}
	}
}
