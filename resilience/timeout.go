// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// TimeoutConfig configures a [Timeout].
type TimeoutConfig struct {
	// Limit is how long a call may take. Default 30s; NoDelay: no limit.
	Limit time.Duration `koanf:"limit"`
}

const defaultTimeLimit = 30 * time.Second

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c TimeoutConfig) Validate() error { return noNegativeTime("limit", c.Limit) }

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, which means that there is no limit.
func (c *TimeoutConfig) SetExplicitZero(key string) {
	if key == "limit" {
		c.Limit = NoDelay
	}
}

// Timeout limits how long a call may take: it cancels the call's context after the
// limit. It does not abandon a call that ignores its context. A call costs what
// context.WithTimeout costs. Timeout is safe for concurrent use.
type Timeout struct {
	limit   time.Duration // 0: none
	invalid error
}

// NewTimeout returns a timeout. If config is not valid, Execute returns the error
// of its Validate.
func NewTimeout(config TimeoutConfig) *Timeout {
	t := &Timeout{limit: config.Limit, invalid: config.Validate()}
	setDefaultTime(&t.limit, defaultTimeLimit)
	return t
}

// Execute runs fn. If fn returns an error after the limit has passed, Execute
// returns a [*TimeoutError]. If ctx is done by then, Execute returns fn's error
// unchanged.
func (t *Timeout) Execute(ctx context.Context, fn func(context.Context) error) error {
	switch {
	case t.invalid != nil:
		return t.invalid
	case t.limit == 0:
		return fn(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	err := fn(limited)
	if err == nil || ctx.Err() != nil || limited.Err() != context.DeadlineExceeded {
		return err
	}
	return &TimeoutError{Limit: t.limit, Err: err}
}

// TimeoutError is the error of a call that failed after the limit of a [Timeout]
// had passed. errors.Is and errors.As find context.DeadlineExceeded and the call's
// own error in it.
type TimeoutError struct {
	Limit time.Duration
	Err   error // what the call returned
}

// Error implements error.
func (e *TimeoutError) Error() string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return fmt.Sprintf("timed out after %s", e.Limit)
	}
	return fmt.Sprintf("timed out after %s: %v", e.Limit, e.Err)
}

// Unwrap returns context.DeadlineExceeded and the call's error.
func (e *TimeoutError) Unwrap() []error { return []error{context.DeadlineExceeded, e.Err} }

// Timeout reports true, as errors of package net do.
func (e *TimeoutError) Timeout() bool { return true }
