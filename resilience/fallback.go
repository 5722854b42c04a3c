// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/kernel"
)

var errNoFallback = fmt.Errorf("%w: a fallback needs a function", kernel.ErrConfig)

// Fallback answers when a call has failed. It allocates nothing and is safe for
// concurrent use if its function is.
type Fallback struct {
	answer func(ctx context.Context, cause error) error
	on     func(error) bool
	wrong  error
}

// NewFallback returns a fallback. answer gets the call's error and returns nil, or
// an error that replaces it; if answer is nil, Execute returns a kernel.ErrConfig.
// on reports whether answer is called for an error, as RetryOn of a [RetryConfig]
// does; nil: for every error. A call that its caller has cancelled has no fallback.
func NewFallback(answer func(ctx context.Context, cause error) error, on func(error) bool) *Fallback {
	f := &Fallback{answer: answer, on: on}
	if answer == nil {
		f.wrong = errNoFallback
	}
	return f
}

// Execute runs fn and, if that fails, the fallback.
func (f *Fallback) Execute(ctx context.Context, fn func(context.Context) error) error {
	if f.wrong != nil {
		return f.wrong
	}
	err := fn(ctx)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) || !matches(f.on, err) {
		return err
	}
	return f.answer(ctx, err)
}
