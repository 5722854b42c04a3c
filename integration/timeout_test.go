// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/resilience"
)

// DelayClient calls what answers late.
type DelayClient struct {
	client.ServiceClient `url:"http://${httpbin.host}" retry:"2" retry-base-delay:"0s" failure-threshold:"2"`

	Delay func(ctx context.Context, duration time.Duration) (Echo, error) `get:"/delay/{duration}"`
	Drip  func(ctx context.Context) ([]byte, error)                       `get:"/drip?duration=5s&numbytes=2&delay=0s"`
}

const (
	statusOfCancelledRequest = 499             // what httpbin reports when the client is gone
	cutShort                 = 5 * time.Second // a delay that no test waits for
)

func TestAnAttemptHasATimeLimit(t *testing.T) {
	cases := map[string]string{
		"of all clients": "pyfly.client.default.timeout: 200ms",
		"of the client":  "pyfly.client.services.delay-client.timeout: 200ms",
		"of the method":  "pyfly.client.services.delay-client.methods.delay.timeout: 200ms",
	}
	for name, settings := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			c := start[DelayClient](t, server, settings)
			begun := time.Now()
			_, err := c.Delay(t.Context(), cutShort)
			var e *client.Error
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Attempts != 2 || e.Status != 0 {
				t.Errorf("%v", err)
			}
			if took := time.Since(begun); took < 400*time.Millisecond || took >= cutShort {
				t.Errorf("two attempts of 200ms took %s", took)
			}
			if c.CircuitBreaker().State() != resilience.StateOpen {
				t.Error("timeouts did not open the circuit")
			}
			for range 2 {
				if r := <-server.finished; r.Status != statusOfCancelledRequest {
					t.Errorf("the server went on to answer %d", r.Status)
				}
			}
		})
	}
}

func TestTheTimeLimitHoldsUntilTheEndOfTheBody(t *testing.T) {
	c := start[DelayClient](t, serve(t), "pyfly.client.default.timeout: 300ms\npyfly.client.services.delay-client.retry.enabled: false")
	_, err := c.Drip(t.Context())
	var e *client.Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Status != http.StatusOK {
		t.Errorf("%v", err)
	}
}

func TestAnAnswerWithinTheLimitArrives(t *testing.T) {
	c := start[DelayClient](t, serve(t), "pyfly.client.default.timeout: 10s")
	if echo, err := c.Delay(t.Context(), 20*time.Millisecond); err != nil || echo.Method != "GET" {
		t.Errorf("%+v, %v", echo, err)
	}
}

func TestTheCallerMayGiveUp(t *testing.T) {
	// A deadline is a failure of the service, which had its time; a
	// cancellation says nothing of the service.
	cases := map[string]struct {
		context func(context.Context, *httpbinServer) (context.Context, context.CancelFunc)
		want    error
		opens   bool
	}{
		"by a deadline": {func(ctx context.Context, _ *httpbinServer) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 200*time.Millisecond)
		}, context.DeadlineExceeded, true},
		"by cancelling": {func(ctx context.Context, server *httpbinServer) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			go func() {
				<-server.arrived
				cancel()
			}()
			return ctx, cancel
		}, context.Canceled, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			c := start[DelayClient](t, server, "pyfly.client.services.delay-client.circuit-breaker.failure-threshold: 1")
			ctx, cancel := tc.context(t.Context(), server)
			defer cancel()
			if _, err := c.Delay(ctx, cutShort); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if r := <-server.finished; r.Status != statusOfCancelledRequest {
				t.Errorf("the server went on to answer %d", r.Status)
			}
			server.wantRequests(t, 1)
			if opened := c.CircuitBreaker().State() == resilience.StateOpen; opened != tc.opens {
				t.Errorf("the circuit opened: %t, want %t", opened, tc.opens)
			}
		})
	}
}
