// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/engine"
)

// SuppressRetries wraps a handler of this service so that retries do not multiply
// along a chain of services: while it handles a request that is a repeated
// attempt of its caller's (it has the header X-Retry-Attempt, which clients with
// the setting retry.attempt-header send), calls of clients with its context are
// not retried here.
func SuppressRetries(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(engine.AttemptHeader) != "" {
			r = r.WithContext(WithoutRetries(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}

// WithoutRetries returns a context whose calls make one attempt only.
func WithoutRetries(ctx context.Context) context.Context { return engine.WithoutRetries(ctx) }
