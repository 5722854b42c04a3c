// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// BinClient is pyfly's client.
type BinClient struct {
	client.ServiceClient `url:"http://service.invalid"`

	Get  func(ctx context.Context, n int) (map[string]any, error)                           `get:"/get{?n}"`
	Post func(ctx context.Context, header http.Header, body string) (map[string]any, error) `post:"/post"`
}

func newPyfly(t *testing.T, url string) (caller, func(error) bool) {
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(map[string]any{
		"pyfly.client.default.timeout":                                      attemptTimeout,
		"pyfly.client.default.total-timeout":                                totalTimeout,
		"pyfly.client.retry.base-delay":                                     "20ms",
		"pyfly.client.services.bin-client.base-url":                         url,
		"pyfly.client.services.bin-client.bulkhead.max-concurrent":          concurrency,
		"pyfly.client.services.bin-client.circuit-breaker.recovery-timeout": "50ms",
		"pyfly.client.services.bin-client.circuit-breaker.sliding-window":   "count",
		"pyfly.client.services.bin-client.circuit-breaker.failure-rate":     0.8,
	})))
	app.Install(client.Module())
	client.Register[BinClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := container.Must(container.Get[*BinClient](app))
	return caller{
		name: "pyfly",
		get: func(ctx context.Context, n int) error {
			_, err := c.Get(ctx, n)
			return err
		},
		post: func(ctx context.Context, order string) error {
			_, err := c.Post(ctx, http.Header{"X-Order": {order}}, "an order")
			return err
		},
		close: func() error {
			if stats := client.Stats(app)[0]; stats.InFlight != 0 || stats.Bulkhead.Active != 0 {
				t.Errorf("something is still under way: %+v", stats)
			}
			return app.Stop(context.Background())
		},
	}, func(err error) bool { return errors.As(err, new(*client.Error)) }
}

// The others are configured as their READMEs do, with the same limits.

func anyError(error) bool { return true }

func newRetryable(_ *testing.T, url string) (caller, func(error) bool) {
	c := retryablehttp.NewClient()
	c.RetryMax, c.RetryWaitMin, c.RetryWaitMax, c.Logger = attempts-1, attemptTimeout/10, attemptTimeout, nil
	c.HTTPClient.Timeout = attemptTimeout
	return ofClient("go-retryablehttp", url, c.StandardClient(), c.HTTPClient.CloseIdleConnections), anyError
}

func newFailsafe(_ *testing.T, url string) (caller, func(error) bool) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	policies := failsafehttp.NewRoundTripper(transport,
		failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(attempts-1).Build(),
		circuitbreaker.NewBuilder[*http.Response]().WithFailureThreshold(5).WithDelay(attemptTimeout/5).Build())
	return ofClient("failsafehttp", url, &http.Client{Transport: policies}, transport.CloseIdleConnections), anyError
}

// silent is a logger of resty's.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

func newResty(_ *testing.T, url string) (caller, func(error) bool) {
	c := resty.New().SetTimeout(attemptTimeout).SetRetryCount(attempts - 1).SetRetryWaitTime(attemptTimeout / 10).SetLogger(silent{})
	check := func(response *resty.Response, err error) error {
		if err == nil && response.IsError() {
			return errNotOK
		}
		return err
	}
	return caller{
		name: "resty",
		get:  func(ctx context.Context, _ int) error { return check(c.R().SetContext(ctx).Get(url + "/get")) },
		post: func(ctx context.Context, order string) error {
			return check(c.R().SetContext(ctx).SetHeader("X-Order", order).SetBody("an order").Post(url + "/post"))
		},
		close: func() error { c.GetClient().CloseIdleConnections(); return nil },
	}, anyError
}

// ofClient makes a caller of an http.Client that does all by itself.
func ofClient(name, url string, c *http.Client, closeIdle func()) caller {
	do := func(ctx context.Context, method, path string, body io.Reader, order string) error {
		req, err := http.NewRequestWithContext(ctx, method, url+path, body)
		if err != nil {
			return err
		}
		req.Header.Set("X-Order", order)
		response, err := c.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return errNotOK
		}
		return nil
	}
	return caller{
		name: name,
		get:  func(ctx context.Context, _ int) error { return do(ctx, http.MethodGet, "/get", nil, "") },
		post: func(ctx context.Context, order string) error {
			return do(ctx, http.MethodPost, "/post", strings.NewReader("an order"), order)
		},
		close: func() error { closeIdle(); return nil },
	}
}
