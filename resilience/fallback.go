// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/kernel"
)

var errNoFallback = fmt.Errorf("%w: a fallback needs a function", kernel.ErrConfig)

// Fallback runs another function if a call fails. It allocates nothing and is safe
// for concurrent use if its functions are.
type Fallback struct {
	handle func(ctx context.Context, cause error) error
	on     func(error) bool
	wrong  error
}

// NewFallback returns a fallback. handle gets the error of a call and returns nil, or
// an error that replaces it; if handle is nil, Execute returns a kernel.ErrConfig.
// on reports whether handle is called for an error, like RetryOn of a [RetryConfig];
// nil: for every error. handle is not called if the caller has cancelled the call.
func NewFallback(handle func(ctx context.Context, cause error) error, on func(error) bool) *Fallback {
	f := &Fallback{handle: handle, on: on}
	if handle == nil {
		f.wrong = errNoFallback
	}
	return f
}

// Execute runs fn and, if it fails, the fallback.
func (f *Fallback) Execute(ctx context.Context, fn func(context.Context) error) error {
	if f.wrong != nil {
		return f.wrong
	}
	err := fn(ctx)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) || !matches(f.on, err) {
		return err
	}
	return f.handle(ctx, err)
}
