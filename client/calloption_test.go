// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// optionless is the declared client at its plainest.
type optionless struct {
	client.ServiceClient `url:"http://options.invalid"`

	Get func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
}

type optionClient struct {
	client.ServiceClient `url:"http://options.invalid" retry-base-delay:"1s"`

	Get func(ctx context.Context, id string, opts ...client.CallOption) (Product, error) `get:"/products/{id}" headers:"X-A: declared"`
}

func TestCallOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, header := 0, http.Header{}
		status := 200
		c := wire[optionClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
			calls++
			header = r.Header
			if status == 0 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answer(status, "{}"), nil
		}))
		if _, err := c.Get(t.Context(), "1"); err != nil || header.Get("X-A") != "declared" {
			t.Errorf("without options: %v, %v", err, header)
		}
		if _, err := c.Get(t.Context(), "1", client.CallHeader("x-a", "own"), client.CallHeader("X-B", "1"), client.CallHeader("X-B", "2"), nil); err != nil ||
			header.Get("X-A") != "own" || strings.Join(header["X-B"], ",") != "1,2" {
			t.Errorf("with headers: %v, %v", err, header)
		}
		if _, err := c.Get(t.Context(), "1", client.CallHeader("X-A", "a\nb")); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("a line break: %v", err)
		}

		status, calls = 503, 0
		if _, err := c.Get(t.Context(), "1", client.NoRetry()); !errors.Is(err, client.ErrUnavailable) || calls != 1 {
			t.Errorf("without retry: %v after %d calls", err, calls)
		}
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, client.ErrUnavailable) || calls != 4 {
			t.Errorf("with retry: %v after %d calls", err, calls)
		}

		status = 0
		begun := time.Now()
		_, err := c.Get(t.Context(), "1", client.CallTimeout(2*time.Second), client.NoRetry())
		if took := time.Since(begun); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "within the timeout of 2s") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestALongerCallTimeoutIsNotCutByTheAdapter(t *testing.T) {
	for name, limit := range map[string]time.Duration{"longer": 2 * time.Minute, "none": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := client.WithTransport(func(http.RoundTripper) http.RoundTripper {
					return roundTripFunc(func(r *http.Request) (*http.Response, error) {
						select {
						case <-time.After(time.Minute): // virtual, and beyond the setting
							return answer(200, "{}"), nil
						case <-r.Context().Done():
							return nil, r.Context().Err()
						}
					})
				})
				c := wireBy[optionClient](t, nil, slow)
				if _, err := c.Get(t.Context(), "1", client.CallTimeout(limit)); err != nil {
					t.Error(err)
				}
				if _, err := c.Get(t.Context(), "1", client.NoRetry()); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("without it: %v", err)
				}
			})
		})
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
