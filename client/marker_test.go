// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/resilience"
)

type call func(ctx context.Context) error

// TestWhatTheTagsDo shows the effect of every tag of the two markers on calls
// to a service that always fails.
func TestWhatTheTagsDo(t *testing.T) {
	type (
		defaults struct {
			client.ServiceClient `url:"http://x"`
			Get                  call `get:"/x"`
		}
		twice struct {
			client.ServiceClient `url:"http://x" retry:"2"`
			Get                  call `get:"/x"`
		}
		once struct {
			client.ServiceClient `url:"http://x" retry:"false"`
			Get                  call `get:"/x"`
		}
		retryTrue struct {
			client.ServiceClient `url:"http://x" retry:"true" circuit-breaker:"true"`
			Get                  call `get:"/x"`
		}
		unbroken struct {
			client.ServiceClient `url:"http://x" circuit-breaker:"false" retry:"9"`
			Get                  call `get:"/x"`
		}
		fragile struct {
			client.ServiceClient `url:"http://x" failure-threshold:"2" recovery-timeout:"7s" retry:"9"`
			Get                  call `get:"/x"`
		}
		slow struct {
			client.ServiceClient `url:"http://x" retry-base-delay:"3s"`
			Get                  call `get:"/x"`
		}
		hasty struct {
			client.ServiceClient `url:"http://x" retry-base-delay:"0s"`
			Get                  call `get:"/x"`
		}
		plain struct {
			client.HttpClient `url:"http://plain:1/base" name:"other"`
			Get               call `get:"/x"`
		}
	)
	const s = time.Second
	for name, c := range map[string]struct {
		get  func(t *testing.T, port *script) (call, *resilience.CircuitBreaker)
		want []time.Duration
		open time.Duration // how long the circuit stays open; 0: closed, -1: none
	}{
		"the defaults":                           {clientOf(func(c *defaults) call { return c.Get }), []time.Duration{0, s, 3 * s}, 0},
		"retry a number":                         {clientOf(func(c *twice) call { return c.Get }), []time.Duration{0, s}, 0},
		"retry false":                            {clientOf(func(c *once) call { return c.Get }), []time.Duration{0}, 0},
		"retry true":                             {clientOf(func(c *retryTrue) call { return c.Get }), []time.Duration{0, s, 3 * s}, 0},
		"no circuit breaker":                     {clientOf(func(c *unbroken) call { return c.Get }), []time.Duration{0, s, 3 * s, 7 * s, 15 * s, 31 * s, 61 * s, 91 * s, 121 * s}, -1},
		"failure-threshold and recovery-timeout": {clientOf(func(c *fragile) call { return c.Get }), []time.Duration{0, s}, 7 * s},
		"retry-base-delay":                       {clientOf(func(c *slow) call { return c.Get }), []time.Duration{0, 3 * s, 9 * s}, 0},
		"retry-base-delay of zero":               {clientOf(func(c *hasty) call { return c.Get }), []time.Duration{0, 0, 0}, 0},
		"a plain client":                         {clientOf(func(c *plain) call { return c.Get }), []time.Duration{0}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port := newScript(t, status(500))
				get, breaker := c.get(t, port)
				err := get(t.Context())
				if !slices.Equal(port.times, c.want) {
					t.Errorf("attempts at %v, want %v", port.times, c.want)
				}
				var refused *client.CircuitBreakerError
				switch {
				case (breaker == nil) != (c.open < 0):
					t.Errorf("the breaker is %v", breaker)
				case errors.As(err, &refused) != (c.open > 0):
					t.Errorf("ended with %v", err)
				case refused != nil && refused.RetryAfter() != c.open:
					t.Errorf("open for another %s, want %s", refused.RetryAfter(), c.open)
				}
			})
		})
	}

	var config client.PortConfig
	wireBy[plain](t, nil, client.WithFactory(func(c client.PortConfig) (client.HttpClientPort, error) {
		config = c
		return newScript(t, status(200)), nil
	}))
	if config.BaseURL != "http://plain:1/base" || config.Name != "other" {
		t.Errorf("url and name give %+v", config)
	}
}

// clientOf wires a client over a port and returns its only method.
func clientOf[T any](get func(*T) call) func(t *testing.T, port *script) (call, *resilience.CircuitBreaker) {
	return func(t *testing.T, port *script) (call, *resilience.CircuitBreaker) {
		c := wire[T](t, nil, port)
		breaker := any(c).(interface {
			CircuitBreaker() *resilience.CircuitBreaker
		}).CircuitBreaker()
		return get(c), breaker
	}
}
