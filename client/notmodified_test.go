// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type poller struct {
	client.ServiceClient `url:"http://p.invalid" name:"shop" retry:"3" retry-base-delay:"0s" failure-threshold:"1"`

	Get    func(ctx context.Context, tag http.Header) (Product, error)                  `get:"/p"`
	All    func(ctx context.Context, tag http.Header) (client.Response[Product], error) `get:"/p"`
	Touch  func(ctx context.Context, tag http.Header) error                             `get:"/p"`
	Raw    func(ctx context.Context, tag http.Header) (*http.Response, error)           `get:"/p"`
	Stream func(ctx context.Context, tag http.Header) (io.ReadCloser, error)            `get:"/p"`
}

// TestNotModifiedIsNoFailure polls with an ETag: a client that has the current state
// gets 304.
func TestNotModifiedIsNoFailure(t *testing.T) {
	port := portFunc(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") == `"1"` {
			return answer(304, "", "ETag", `"1"`), nil
		}
		return answer(200, `{"name":"rake"}`, "ETag", `"1"`), nil
	})
	for name, settings := range map[string]map[string]any{
		"plain":  shopSettings(),
		"hedged": shopSettings("hedge.delay", "1s"),
		"stale":  shopSettings("stale-if-error", "1h"),
	} {
		for _, isIntercepted := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				var statuses []int
				app := newApp(settings, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
				client.Register[poller](app, client.Fallback(&poller{
					Get: func(context.Context, http.Header) (Product, error) { return Product{Name: "fallback"}, nil },
				}))
				if isIntercepted {
					app.RegisterInstance(client.CallInterceptor(func(next client.Exchange) client.Exchange {
						return func(r *http.Request) (*http.Response, error) {
							response, err := next(r)
							if err == nil {
								statuses = append(statuses, response.StatusCode)
							}
							return response, err
						}
					}), container.Named("seen"))
				}
				require.NoError(t, app.Start(t.Context()))
				defer func() { assert.NoError(t, app.Stop(context.Background())) }()
				shop := getBean[poller](t, app)
				tag := http.Header{"If-None-Match": {`"1"`}}

				got, err := shop.All(t.Context(), tag)
				require.NoError(t, err)
				assert.Equal(t, 304, got.Status)
				assert.Equal(t, `"1"`, got.Header.Get("ETag"))
				assert.Zero(t, got.Body)
				_, byGet := shop.Get(t.Context(), tag)
				_, byRaw := shop.Raw(t.Context(), tag)
				_, byStream := shop.Stream(t.Context(), tag)
				for _, err := range []error{byGet, shop.Touch(t.Context(), tag), byRaw, byStream} {
					var failed *client.Error
					require.ErrorAs(t, err, &failed)
					assert.ErrorIs(t, err, client.ErrNotModified)
					assert.Equal(t, 304, failed.Status)
					assert.Equal(t, 1, failed.Attempts)
					assert.NoError(t, errors.Unwrap(err))
				}
				p, err := shop.Get(t.Context(), nil)
				require.NoError(t, err, "the circuit is closed")
				assert.Equal(t, "rake", p.Name)
				stats := client.Stats(app)[0]
				assert.Zero(t, stats.Failures)
				assert.Zero(t, stats.Retries)
				assert.Zero(t, stats.InFlight)
				if isIntercepted {
					assert.Equal(t, []int{304, 304, 304, 304, 304, 200}, statuses)
				}
			})
		}
	}
}
