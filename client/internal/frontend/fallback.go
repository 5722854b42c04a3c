// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

type causeKey struct{}

// WithCause returns the context of a fallback, which is called because of an error.
func WithCause(ctx context.Context, cause error) context.Context {
	return context.WithValue(ctx, causeKey{}, cause)
}

// Cause returns the error because of which a fallback was called, or nil.
func Cause(ctx context.Context) error {
	err, _ := ctx.Value(causeKey{}).(error)
	return err
}

// WantsFallback reports whether the service has failed, or is taken to have failed.
func WantsFallback(ctx context.Context, err error) bool {
	return err != nil && ctx != nil && ctx.Err() == nil && engine.IsUnavailable(err)
}

// FallbackPanicked is the error of a fallback that panicked with r. It has that of
// the call with it.
func FallbackPanicked(r any, cause error) error {
	return fmt.Errorf("the fallback panicked: %w; it was called because: %w", usercode.Error(kernel.NewPanicError(r)), cause)
}
