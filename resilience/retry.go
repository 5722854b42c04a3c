// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// RetryPolicy tries a call again when it fails, with a delay that is doubled
// each time: BaseDelay, 2*BaseDelay, 4*BaseDelay, up to MaxDelay. There is no
// jitter.
//
// A first attempt that succeeds costs a look at ctx and, with a budget, an
// atomic addition; it allocates nothing. It is safe for concurrent use.
type RetryPolicy struct {
	config  RetryConfig
	invalid error // of Validate; Execute returns it
	matches matcher
}

// RetryAfterer is an error that says how long to wait before the next attempt.
// A RetryPolicy waits at least that long, whatever MaxDelay says.
type RetryAfterer interface {
	error
	RetryAfter() time.Duration
}

// NewRetryPolicy makes a retry policy. If config is not valid, Execute returns
// the error of its Validate.
func NewRetryPolicy(config RetryConfig) *RetryPolicy {
	matches, _ := newMatcher(config.RetryOn)
	return &RetryPolicy{invalid: config.Validate(), config: config.withDefaults(), matches: matches}
}

// Execute runs fn until it succeeds, fails with an error that is not to be
// tried again, or MaxAttempts is reached, and returns fn's last error as it
// was. It ends with the last error, too, when the next delay would outlast
// ctx's deadline, or when the budget is spent.
//
// Cancelling ctx ends a delay at once; the error then is both ctx's and fn's
// last one. A ctx that is done already keeps fn from running. A panic of fn
// goes on.
func (p *RetryPolicy) Execute(ctx context.Context, fn func(context.Context) error) error {
	if p.invalid != nil {
		return p.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.config.Budget != nil {
		p.config.Budget.deposit()
	}
	for attempt := 1; ; attempt++ {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		delay, again := p.next(ctx, attempt, err)
		if !again {
			return err
		}
		if cause := wait(ctx, delay); cause != nil {
			return &interruptedError{cause, err}
		}
	}
}

// next decides whether there is another attempt, and after what delay.
func (p *RetryPolicy) next(ctx context.Context, attempt int, err error) (delay time.Duration, again bool) {
	if attempt >= p.config.MaxAttempts || ctx.Err() != nil || !p.mayRetry(err) {
		return 0, false
	}
	delay = p.delay(attempt, err)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return 0, false
	}
	if p.config.Budget != nil && !p.config.Budget.withdraw() {
		return 0, false
	}
	if p.config.OnRetry != nil {
		p.config.OnRetry(RetryEvent{Attempt: attempt, Delay: delay, Err: err})
	}
	return delay, true
}

func (p *RetryPolicy) mayRetry(err error) bool {
	if errors.Is(err, kernel.ErrCircuitOpen) && !p.matches.namesCircuitOpen {
		return false
	}
	return p.matches.match(err)
}

// delay is what follows the given attempt: exponential back-off, capped, with
// the error's Retry-After as a floor.
func (p *RetryPolicy) delay(attempt int, err error) time.Duration {
	delay := min(p.config.BaseDelay, p.config.MaxDelay)
	for range attempt - 1 {
		if delay >= p.config.MaxDelay/2 {
			delay = p.config.MaxDelay
			break
		}
		delay *= 2
	}
	if p.config.BaseDelay == 0 {
		delay = 0
	}
	var asked RetryAfterer
	if errors.As(err, &asked) {
		delay = max(delay, asked.RetryAfter())
	}
	return delay
}

func wait(ctx context.Context, delay time.Duration) error {
	if delay <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// interruptedError says that a delay was cut short: it is ctx's error and the
// last attempt's.
type interruptedError struct{ cause, last error }

func (e *interruptedError) Error() string {
	return fmt.Sprintf("%v while waiting to try again after: %v", e.cause, e.last)
}

func (e *interruptedError) Unwrap() []error { return []error{e.cause, e.last} }
