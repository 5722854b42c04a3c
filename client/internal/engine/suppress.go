// SPDX-License-Identifier: Apache-2.0

package engine

import "context"

type suppressedKey struct{}

// WithoutRetries returns a context whose calls make one attempt only.
func WithoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, suppressedKey{}, true)
}

func areRetriesSuppressed(ctx context.Context) bool { return ctx.Value(suppressedKey{}) != nil }
