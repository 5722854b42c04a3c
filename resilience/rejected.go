// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of rejection by a policy that limits calls. The error itself is a
// [*RejectedError].
var (
	ErrBulkheadFull     = errors.New("too many concurrent calls") // a [Bulkhead], an [AdaptiveLimiter]
	ErrRateLimitReached = errors.New("rate limit exceeded")       // a [RateLimiter]
)

// RejectedError is the error of a call that a policy rejected before it began.
// errors.Is reports true for it and its Kind.
type RejectedError struct {
	Name       string        // the policy's
	Kind       error         // ErrBulkheadFull or ErrRateLimitReached
	RetryAfter time.Duration // how long until a call will be admitted; 0: not known
}

// Error implements error.
func (e *RejectedError) Error() string {
	text := e.Kind.Error()
	if e.Name != "" {
		text = fmt.Sprintf("%s: %s", e.Name, text)
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(": retry after %s", e.RetryAfter.Round(time.Millisecond))
	}
	return text
}

// Unwrap returns the kind.
func (e *RejectedError) Unwrap() error { return e.Kind }
