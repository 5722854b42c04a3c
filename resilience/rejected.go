// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of refusal by a policy that limits how much goes on at a time. The
// error itself is a [*RejectedError].
var (
	ErrBulkheadFull     = errors.New("too many calls at a time")       // a [Bulkhead], an [AdaptiveLimiter]
	ErrRateLimitReached = errors.New("too many calls within the time") // a [RateLimiter]
)

// RejectedError says that a policy has refused a call before it began. It
// answers to errors.Is for its kind.
type RejectedError struct {
	Name       string        // the policy's
	Kind       error         // ErrBulkheadFull or ErrRateLimitReached
	RetryAfter time.Duration // when there will be room, if that is known
}

// Error implements error.
func (e *RejectedError) Error() string {
	text := e.Kind.Error()
	if e.Name != "" {
		text = fmt.Sprintf("%s: %s", e.Name, text)
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(": there is room in %s", e.RetryAfter.Round(time.Millisecond))
	}
	return text
}

// Unwrap returns the kind.
func (e *RejectedError) Unwrap() error { return e.Kind }
