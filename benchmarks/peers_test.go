// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"net/http"

	"github.com/carlmjohnson/requests"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
)

// morePeers are the same GET through further libraries.
func morePeers(base string, transport http.RoundTripper) []subject {
	ctx := context.Background()

	failsafe := &handWritten{base: base, client: &http.Client{Transport: failsafehttp.NewRoundTripper(transport,
		failsafehttp.NewRetryPolicyBuilder().Build(),
		circuitbreaker.NewBuilder[*http.Response]().WithFailureThreshold(threshold).Build())}}

	retryable := retryablehttp.NewClient()
	retryable.HTTPClient = &http.Client{Transport: transport}
	retryable.Logger, retryable.RetryMax = nil, attempts-1
	withRetry := &handWritten{base: base, client: retryable.StandardClient()}

	return []subject{
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
