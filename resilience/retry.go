// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/internal/random"
	"github.com/pyfly-go/pyfly/kernel"
)

// RetryPolicy tries a call again when it fails, with a delay that is multiplied
// each time: BaseDelay, 2*BaseDelay, 4*BaseDelay, up to MaxDelay; with jitter if
// asked for. An attempt finds its number by [AttemptOf].
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
	return &RetryPolicy{invalid: config.Validate(), config: config.WithDefaults(), matches: matches}
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
		p.config.Budget.Deposit()
	}
	if AttemptOf(ctx) > 1 { // of another call, within which this one is made
		ctx = context.WithValue(ctx, attemptKey{}, 1)
	}
	err := fn(ctx)
	if err == nil {
		return nil
	}
	return p.again(ctx, err, fn)
}

// again makes the attempts after the first, which has failed.
func (p *RetryPolicy) again(ctx context.Context, err error, fn func(context.Context) error) error {
	var delay time.Duration
	for attempt := 1; err != nil; attempt++ {
		var again bool
		if delay, again = p.next(ctx, attempt, delay, err); !again {
			return err
		}
		if cause := wait(ctx, delay); cause != nil {
			return &interruptedError{cause, err}
		}
		err = fn(context.WithValue(ctx, attemptKey{}, attempt+1))
	}
	return nil
}

type attemptKey struct{}

// AttemptOf returns, within a [RetryPolicy], the number of the attempt that a
// context belongs to; 1 for the first and outside of one. Within several, it is
// the innermost that counts.
func AttemptOf(ctx context.Context) int {
	if attempt, ok := ctx.Value(attemptKey{}).(int); ok {
		return attempt
	}
	return 1
}

// next decides whether there is another attempt, and after what delay.
func (p *RetryPolicy) next(ctx context.Context, attempt int, last time.Duration, err error) (delay time.Duration, again bool) {
	if attempt >= p.config.MaxAttempts || ctx.Err() != nil || !p.mayRetry(err) {
		return 0, false
	}
	delay, again = p.delay(ctx, attempt, last, err)
	if !again {
		return 0, false
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return 0, false
	}
	if breaker := p.config.Breaker; breaker != nil && breaker.refusesAfter(delay) {
		return 0, true
	}
	event := RetryEvent{Attempt: attempt, Delay: delay, Err: err, Context: ctx}
	if p.config.Budget != nil && !p.config.Budget.withdraw() {
		if p.config.OnBudgetExhausted != nil {
			p.config.OnBudgetExhausted(event)
		}
		return 0, false
	}
	if p.config.OnRetry != nil {
		p.config.OnRetry(event)
	}
	return delay, true
}

func (p *RetryPolicy) mayRetry(err error) bool {
	if errors.Is(err, kernel.ErrCircuitOpen) && !p.matches.namesCircuitOpen {
		return false
	}
	return p.matches.match(err)
}

// delay is what follows the given attempt, whose own delay was last: exponential
// back-off, capped and jittered, with the error's Retry-After as a floor. It is
// false if that asks for too long a wait.
func (p *RetryPolicy) delay(ctx context.Context, attempt int, last time.Duration, err error) (delay time.Duration, ok bool) {
	delay = p.jittered(ctx, p.backOff(attempt), last)
	var asked RetryAfterer
	if errors.As(err, &asked) {
		retryAfter := asked.RetryAfter()
		if most := p.config.MaxRetryAfter; most > 0 && retryAfter > most {
			return 0, false
		}
		delay = max(delay, retryAfter)
	}
	return delay, true
}

// backOff is BaseDelay times Multiplier for each attempt after the first, at
// most MaxDelay.
func (p *RetryPolicy) backOff(attempt int) time.Duration {
	delay, most := float64(p.config.BaseDelay), float64(p.config.MaxDelay)
	for range attempt - 1 {
		if delay >= most {
			break
		}
		delay *= p.config.Multiplier
	}
	return time.Duration(min(delay, most))
}

func (p *RetryPolicy) jittered(ctx context.Context, delay, last time.Duration) time.Duration {
	switch p.config.Jitter {
	case FullJitter:
		return between(ctx, 0, delay)
	case EqualJitter:
		return between(ctx, delay/2, delay)
	case DecorrelatedJitter:
		base := min(p.config.BaseDelay, p.config.MaxDelay)
		return min(between(ctx, base, 3*max(last, base)), p.config.MaxDelay)
	}
	return delay
}

// between is a random duration of at least from and at most to.
func between(ctx context.Context, from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(random.Int64N(ctx, int64(to-from)+1))
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
