// SPDX-License-Identifier: Apache-2.0

package codegen

import (
	"context"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
)

// FallbackError calls the fallback of a method that returns only an error, unless
// err, that of the call, says that the service works.
func FallbackError(ctx context.Context, err error, fallback func(context.Context) error) error {
	_, err = Fallback(ctx, struct{}{}, err, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fallback(ctx)
	})
	return err
}

// Fallback calls the fallback of a method, unless err says that the service works.
// result and err are those of the call.
func Fallback[T any](ctx context.Context, result T, err error, fallback func(context.Context) (T, error)) (instead T, insteadErr error) {
	if !frontend.WantsFallback(ctx, err) {
		return result, err
	}
	defer func() {
		if r := recover(); r != nil {
			var zero T
			instead, insteadErr = zero, frontend.FallbackPanicked(r, err)
		}
	}()
	return fallback(frontend.WithCause(ctx, err))
}
