// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

const withoutRetry = "\npyfly.client.services.status-client.retry.enabled: false\n"

func TestAnOpenCircuitKeepsCallsFromTheServer(t *testing.T) {
	server := serve(t)
	c := start[StatusClient](t, server, withoutRetry)
	for range 3 {
		if _, err := c.Get(t.Context(), 500); !errors.Is(err, client.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	_, err := c.Plain(t.Context())
	var refused *client.CircuitBreakerError
	if !errors.Is(err, kernel.ErrCircuitOpen) || !errors.As(err, &refused) || refused.Name != "status-client" {
		t.Errorf("another method of the client: %v", err)
	}
	server.wantRequests(t, 3)
}

func TestASuccessBetweenFailuresKeepsTheCircuitClosed(t *testing.T) {
	c := start[StatusClient](t, serve(t), withoutRetry)
	for _, code := range []int{500, 500, 404, 500, 500, 200, 500, 500} {
		_, _ = c.Get(t.Context(), code)
	}
	if state := c.CircuitBreaker().State(); state != resilience.StateClosed {
		t.Error(state)
	}
}

func TestRetriesAreRefusedOnceTheCircuitIsOpen(t *testing.T) {
	server := serve(t)
	c := start[StatusClient](t, server, "pyfly.client.services.status-client.circuit-breaker.failure-threshold: 2")
	if _, err := c.Get(t.Context(), 503); !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Error(err)
	}
	server.wantRequests(t, 2)
}

func TestTheCircuitClosesAfterRecovery(t *testing.T) {
	cases := map[string]struct {
		probe int
		want  resilience.CircuitState
	}{
		"a probe that succeeds": {200, resilience.StateClosed},
		"a probe answered 404":  {404, resilience.StateClosed},
		"a probe that fails":    {500, resilience.StateOpen},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			c := start[StatusClient](t, server, withoutRetry+"pyfly.client.services.status-client.circuit-breaker.recovery-timeout: 500ms")
			for range 3 {
				_, _ = c.Get(t.Context(), 500)
			}
			_, err := c.Plain(t.Context())
			var refused *client.CircuitBreakerError
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			wait, cancel := context.WithTimeout(t.Context(), refused.RetryAfter())
			defer cancel()
			<-wait.Done() // the time the error tells is enough
			if state := c.CircuitBreaker().State(); state != resilience.StateHalfOpen {
				t.Fatal(state)
			}
			_, _ = c.Get(t.Context(), tc.probe)
			if state := c.CircuitBreaker().State(); state != tc.want {
				t.Errorf("%v, want %v", state, tc.want)
			}
			server.wantRequests(t, 4)
		})
	}
}
