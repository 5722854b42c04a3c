// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type tenantKey struct{}

func ofTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// addTenant asks on behalf of the tenant of the context.
func addTenant(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		tenant, _ := req.Context().Value(tenantKey{}).(string)
		req.Header.Set("X-Tenant", tenant)
		return next(req)
	}
}

// TestAnOldResponseIsNotGivenToAnotherTenant lets an interceptor say for whom a
// request is: by the time of the failure the breaker may be open, so that nothing is
// sent.
func TestAnOldResponseIsNotGivenToAnotherTenant(t *testing.T) {
	number := atomic.Int64{}
	addNumber := func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			req.Header.Set("X-Request-Id", strconv.FormatInt(number.Add(1), 10))
			return next(req)
		}
	}
	for name, interceptors := range map[string][]any{
		"interceptor":      {client.Interceptor(addTenant)},
		"call interceptor": {client.CallInterceptor(addTenant)},
		"both":             {client.Interceptor(addTenant), client.CallInterceptor(addNumber)},
		"with a number":    {client.Interceptor(addNumber), client.Interceptor(addTenant)},
		"hedged":           {client.Interceptor(addTenant)},
	} {
		for _, breaker := range []bool{false, true} {
			t.Run(name+", open circuit "+strconv.FormatBool(breaker), func(t *testing.T) {
				var isSick atomic.Bool
				port := portFunc(func(r *http.Request) (*http.Response, error) {
					if isSick.Load() {
						return answer(503, ""), nil
					}
					return answer(200, `{"name":"for `+r.Header.Get("X-Tenant")+`"}`), nil
				})
				settings := shopSettings("stale-if-error", "10m", "retry.enabled", false, "circuit-breaker.enabled", breaker, "circuit-breaker.failure-threshold", 1)
				if name == "hedged" {
					settings["pyfly.client.services.shop.hedge.delay"] = "10s"
				}
				app := newApp(settings, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
				client.Register[boutique](app)
				for i, interceptor := range interceptors {
					app.RegisterInstance(interceptor, container.Named(strconv.Itoa(i)))
				}
				require.NoError(t, app.Start(t.Context()))
				defer func() { assert.NoError(t, app.Stop(context.Background())) }()
				shop := getBean[boutique](t, app)
				_, err := shop.Get(ofTenant(t.Context(), "a"), "1")
				require.NoError(t, err)
				isSick.Store(true)
				for range 2 {
					_, err = shop.Get(ofTenant(t.Context(), "b"), "1")
					require.Error(t, err, "nothing was kept for this tenant")
					p, err := shop.Get(ofTenant(t.Context(), "a"), "1")
					require.NoError(t, err)
					assert.Equal(t, "for a", p.Name)
				}
			})
		}
	}
}

func TestWhatIsForOneCallerIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		header, value string
		isKept        bool
	}{
		"nothing":            {"X-A", "b", true},
		"public":             {"Cache-Control", "public, max-age=0", true},
		"must be validated":  {"Cache-Control", "no-cache", true},
		"no-store":           {"Cache-Control", "no-store", false},
		"among others":       {"Cache-Control", "max-age=3 , No-Store", false},
		"private":            {"Cache-Control", "private", false},
		"private field":      {"Cache-Control", `private="X-User"`, false},
		"varies by all":      {"Vary", "*", false},
		"varies by a number": {"Vary", "Accept, x-request-id", false},
		"varies by header":   {"Vary", "X-Tenant", true},
	} {
		t.Run(name, func(t *testing.T) {
			status := 200
			shop := wire[boutique](t, shopSettings("stale-if-error", "10m", "retry.enabled", false), portFunc(func(*http.Request) (*http.Response, error) {
				return answer(status, `{"name":"rake"}`, c.header, c.value), nil
			}))
			_, err := shop.Get(t.Context(), "1")
			require.NoError(t, err)
			status = 503
			_, err = shop.Get(t.Context(), "1")
			assert.Equal(t, c.isKept, err == nil, "%v", err)
		})
	}
}
