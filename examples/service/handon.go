// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/pyfly-go/pyfly/client"
)

const (
	timeoutHeader = "X-Request-Timeout" // how long the caller waits: "850ms"
	attemptHeader = "X-Retry-Attempt"   // the request is a repeated one
)

// inbound prepares the context of a request for outgoing calls: with its trace,
// with a deadline, and without retries if the request is itself a retry.
func inbound(limit time.Duration, next http.Handler) http.Handler {
	return otelhttp.NewHandler(withDeadline(limit, client.SuppressRetries(withAttempt(next))), "orders",
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
}

// withDeadline limits a request to the time that its caller waits, and to at
// most limit.
func withDeadline(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timeout := limit
		if wanted, err := time.ParseDuration(r.Header.Get(timeoutHeader)); err == nil && wanted > 0 {
			timeout = min(timeout, wanted)
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type attemptKey struct{}

// withAttempt marks a request as a retry.
func withAttempt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if attempt := r.Header.Get(attemptHeader); attempt != "" {
			r = r.WithContext(context.WithValue(r.Context(), attemptKey{}, attempt))
		}
		next.ServeHTTP(w, r)
	})
}

// NewOutbound returns the interceptor that tells the next service how long this
// one waits, and that it must not retry either. The client itself propagates
// the trace.
func NewOutbound() client.Interceptor {
	return func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if deadline, ok := req.Context().Deadline(); ok {
				req.Header.Set(timeoutHeader, time.Until(deadline).Round(time.Millisecond).String())
			}
			if attempt, ok := req.Context().Value(attemptKey{}).(string); ok {
				req.Header.Set(attemptHeader, attempt)
			}
			return next(req)
		}
	}
}
