// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/resilience"
)

// UnstableClient calls what fails at times.
type UnstableClient struct {
	client.ServiceClient `url:"http://${httpbin.host}" retry:"4" retry-base-delay:"0s" failure-threshold:"10"`

	Get  func(ctx context.Context, failureRate float64) error  `get:"/unstable{?failure_rate}"`
	Put  func(ctx context.Context, body Product) (Echo, error) `put:"/put"`
	Post func(ctx context.Context, body Product) (Echo, error) `post:"/post"`
	Pay  func(ctx context.Context, body Product) (Echo, error) `post:"/post" idempotent:"true"`
}

func TestUnstableServiceIsAskedAgain(t *testing.T) {
	cases := map[string]struct {
		failureRate float64
		failFirst   int32
		settings    string
		sent        int32
		fails       bool
	}{
		"it never fails":               {0, 0, "", 1, false},
		"it always fails":              {1, 0, "", 4, true},
		"it fails once":                {0, 1, "", 2, false},
		"it fails three times":         {0, 3, "", 4, false},
		"it fails four times":          {0, 4, "", 4, true},
		"more attempts by settings":    {1, 0, "pyfly.client.services.unstable-client.retry.max-attempts: 6", 6, true},
		"less attempts of one method":  {1, 0, "pyfly.client.services.unstable-client.methods.get.retry.max-attempts: 2", 2, true},
		"the tag wins over the global": {1, 0, "pyfly.client.retry.max-attempts: 9", 4, true},
		"switched off":                 {1, 0, "pyfly.client.services.unstable-client.retry.enabled: false", 1, true},
		"a budget of one in 100s":      {1, 0, "pyfly.client.retry.budget: {ratio: 0, min-per-second: 0.01}", 2, true},
		"no budget":                    {1, 0, "pyfly.client.retry.budget: {ratio: 0, min-per-second: 0}", 1, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			server.failFirst.Store(tc.failFirst)
			c := start[UnstableClient](t, server, tc.settings)
			err := c.Get(t.Context(), tc.failureRate)
			if failed := errors.Is(err, client.ErrUnavailable); failed != tc.fails || (err != nil) != tc.fails {
				t.Errorf("%v, want failure: %t", err, tc.fails)
			}
			var e *client.Error
			if errors.As(err, &e) && int32(e.Attempts) != tc.sent {
				t.Errorf("the error counts %d attempts, want %d", e.Attempts, tc.sent)
			}
			server.wantRequests(t, tc.sent)
		})
	}
}

func TestABodyIsSentAgainWhole(t *testing.T) {
	sent := Product{Name: "rake", Price: 12}
	cases := map[string]struct {
		call     func(*UnstableClient) (Echo, error)
		requests int32
		key      bool
	}{
		"PUT":             {func(c *UnstableClient) (Echo, error) { return c.Put(t.Context(), sent) }, 3, false},
		"idempotent POST": {func(c *UnstableClient) (Echo, error) { return c.Pay(t.Context(), sent) }, 3, true},
		"POST":            {func(c *UnstableClient) (Echo, error) { return c.Post(t.Context(), sent) }, 1, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			server.failFirst.Store(2)
			echo, err := tc.call(start[UnstableClient](t, server, ""))
			server.wantRequests(t, tc.requests)
			if tc.requests == 1 {
				if !errors.Is(err, client.ErrUnavailable) {
					t.Errorf("a POST that may have been done: %v", err)
				}
				return
			}
			var got Product
			unmarshal(t, []byte(echo.Data), &got)
			if err != nil || got.Name != sent.Name || got.Price != sent.Price {
				t.Errorf("%s, %v", echo.Data, err)
			}
			if hasKey := echo.Headers.Get("Idempotency-Key") != ""; hasKey != tc.key {
				t.Errorf("it has an Idempotency-Key: %t", hasKey)
			}
		})
	}
}

func TestAServerThatIsGone(t *testing.T) {
	server := serve(t)
	c := start[UnstableClient](t, server, "")
	server.Close()
	_, err := c.Post(t.Context(), Product{}) // no connection was made: even a POST is repeated
	var e *client.Error
	if !errors.As(err, &e) || e.Attempts != 4 || e.Status != 0 {
		t.Errorf("%v", err)
	}
	if c.CircuitBreaker().State() != resilience.StateClosed {
		t.Error("four failures opened a circuit of ten")
	}
}
