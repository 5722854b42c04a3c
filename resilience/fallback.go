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
	match  func(error) bool
	wrong  error
}

// NewFallback makes a fallback. answer gets the call's error and returns nil, or
// an error that takes its place. on says for which errors, as RetryOn of a
// [RetryConfig] does; nil: all of them. The caller's own cancellation is never
// answered. If on is not valid, Execute returns a kernel.ErrConfig.
func NewFallback(answer func(ctx context.Context, cause error) error, on any) *Fallback {
	m, err := newMatcher(on)
	if err == nil && answer == nil {
		err = errNoFallback
	}
	return &Fallback{answer: answer, match: m.match, wrong: err}
}

// Execute runs fn and, if that fails, the fallback.
func (f *Fallback) Execute(ctx context.Context, fn func(context.Context) error) error {
	if f.wrong != nil {
		return f.wrong
	}
	err := fn(ctx)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) || !f.match(err) {
		return err
	}
	return f.answer(ctx, err)
}
