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
	return &RetryPolicy{invalid: config.Validate(), config: config.WithDefaults()}
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
	mark := attemptMark{}
	if b := p.config.Budget; b != nil {
		b.Deposit()
		if b.isHedged.Load() { // a hedge within must not count the call again
			mark.budget = b
		}
	}
	if attemptOf(ctx) != mark {
		ctx = context.WithValue(ctx, attemptKey{}, mark)
	}
	err := fn(ctx)
	if err == nil {
		return nil
	}
	return p.again(ctx, err, mark, fn)
}

// again makes the attempts after the first, which has failed.
func (p *RetryPolicy) again(ctx context.Context, err error, mark attemptMark, fn func(context.Context) error) error {
	var delay time.Duration
	for attempt := 1; err != nil; attempt++ {
		var again bool
		if delay, again = p.next(ctx, attempt, delay, err); !again {
			return err
		}
		if cause := wait(ctx, delay); cause != nil {
			return &interruptedError{cause, err}
		}
		mark.number = attempt + 1
		err = fn(context.WithValue(ctx, attemptKey{}, mark))
	}
	return nil
}

type attemptKey struct{}

// attemptMark is what the context of an attempt tells those within. The zero value
// is that of a first attempt, and of a call that is none.
type attemptMark struct {
	number int          // from 2; 0: the first
	budget *RetryBudget // in which the call has been counted
}

func attemptOf(ctx context.Context) attemptMark {
	mark, _ := ctx.Value(attemptKey{}).(attemptMark)
	return mark
}

// AttemptOf returns, within a [RetryPolicy], the number of the attempt that a
// context belongs to; 1 for the first and outside of one. Within several, it is
// the innermost that counts. A [Hedge] counts on: its first attempt has the number
// of the attempt within which it runs, the one beside it the next number.
func AttemptOf(ctx context.Context) int { return max(1, attemptOf(ctx).number) }

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

// mayRetry reports whether a call may be tried again after err. An open circuit
// would reject it again.
func (p *RetryPolicy) mayRetry(err error) bool {
	return !errors.Is(err, kernel.ErrCircuitOpen) && matches(p.config.RetryOn, err)
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
	return grown(p.config.BaseDelay, p.config.Multiplier, attempt-1, p.config.MaxDelay)
}

func (p *RetryPolicy) jittered(ctx context.Context, delay, last time.Duration) time.Duration {
	switch p.config.Jitter {
	case FullJitter:
		return between(ctx, 0, delay)
	case EqualJitter:
		return between(ctx, delay/2, delay)
	case DecorrelatedJitter:
		base := min(p.config.BaseDelay, p.config.MaxDelay)
		return min(between(ctx, base, grown(max(last, base), 3, 1, forever)), p.config.MaxDelay)
	}
	return delay
}

// between is a random duration of at least from and at most to.
func between(ctx context.Context, from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(random.Int64N(ctx, int64(min(to-from, forever-1))+1))
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
