// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/carlmjohnson/requests"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
	"resty.dev/v3"
)

// morePeers are the same GET through further libraries.
func morePeers(tb testing.TB, base string, transport http.RoundTripper) []subject {
	ctx := context.Background()

	failsafe := &handWritten{base: base, client: &http.Client{Transport: failsafehttp.NewRoundTripper(transport,
		failsafehttp.NewRetryPolicyBuilder().Build(),
		circuitbreaker.NewBuilder[*http.Response]().WithFailureThreshold(threshold).Build())}}

	retryable := retryablehttp.NewClient()
	retryable.HTTPClient = &http.Client{Transport: transport}
	retryable.Logger, retryable.RetryMax = nil, attempts-1
	withRetry := &handWritten{base: base, client: retryable.StandardClient()}

	rest := resty.New().SetTransport(transport).SetBaseURL(base).SetTimeout(timeout).SetRetryCount(attempts - 1).
		SetCircuitBreaker(resty.NewCircuitBreakerCount(threshold, 1, recovery))
	tb.Cleanup(func() { _ = rest.Close() })

	return []subject{
		{name: "resty v3, retry and breaker", call: func() error {
			var p Product
			response, err := rest.R().SetContext(ctx).SetPathParam("product_id", "42").SetResult(&p).Get("/products/{product_id}")
			if err != nil {
				return err
			}
			if response.StatusCode() != http.StatusOK {
				return errors.New(response.Status())
			}
			return check(p)
		}},
		{name: "failsafehttp, retry and breaker", call: func() error {
			p, err := failsafe.get(ctx, "42")
			if err != nil {
				return err
			}
			return check(p)
		}},
		{name: "go-retryablehttp", call: func() error {
			p, err := withRetry.get(ctx, "42")
			if err != nil {
				return err
			}
			return check(p)
		}},
		{name: "carlmjohnson requests", call: func() error {
			var p Product
			err := requests.URL(base).Pathf("/products/%s", "42").Transport(transport).ToJSON(&p).Fetch(ctx)
			if err != nil {
				return err
			}
			return check(p)
		}},
	}
}
