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

// RetryPolicy retries a call that fails. The delay between two attempts grows
// exponentially: BaseDelay, 2*BaseDelay, 4*BaseDelay, up to MaxDelay, with optional
// jitter. [AttemptOf] returns the number of an attempt.
//
// A call whose first attempt succeeds costs a call of ctx.Err and, with a budget,
// an atomic addition; it allocates nothing. RetryPolicy is safe for concurrent use.
type RetryPolicy struct {
	config  RetryConfig
	invalid error // of Validate; Execute returns it
}

// RetryAfterer is an error that specifies how long to wait before the next attempt.
// A RetryPolicy waits at least that long, even if it is longer than MaxDelay.
type RetryAfterer interface {
	error
	RetryAfter() time.Duration
}

// NewRetryPolicy returns a retry policy. If config is not valid, Execute returns
// the error of its Validate.
func NewRetryPolicy(config RetryConfig) *RetryPolicy {
	return &RetryPolicy{invalid: config.Validate(), config: config.WithDefaults()}
}

// Execute runs fn until it succeeds, until it fails with an error that must not be
// retried, or until MaxAttempts is reached, and returns fn's last error unchanged.
// It also stops and returns the last error if the next delay would end after ctx's
// deadline, or if the budget is exhausted.
//
// If ctx is cancelled during a delay, Execute returns at once; the error wraps both
// ctx's error and fn's last one. If ctx is already done, Execute does not run fn. A
// panic of fn is not recovered.
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

// again makes the attempts after the first, which failed with err.
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

// attemptMark is what the context of an attempt holds for the policies within. The
// zero value is that of a first attempt, and of a call outside of a retry.
type attemptMark struct {
	number int          // from 2; 0: the first
	budget *RetryBudget // that has counted the call
}

func attemptOf(ctx context.Context) attemptMark {
	mark, _ := ctx.Value(attemptKey{}).(attemptMark)
	return mark
}

// AttemptOf returns the number of the attempt that ctx belongs to. The first attempt
// of a [RetryPolicy] is 1, as is a call outside of a policy. In nested retry
// policies, the innermost counts. A [Hedge] continues the numbers: its first attempt
// has the number of the attempt in which the hedge runs, the second has the next.
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
	if breaker := p.config.Breaker; breaker != nil && breaker.rejectsAfter(delay) {
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

// mayRetry reports whether a call may be retried after err. An open circuit would
// reject it again.
func (p *RetryPolicy) mayRetry(err error) bool {
	return !errors.Is(err, kernel.ErrCircuitOpen) && matches(p.config.RetryOn, err)
}

// delay returns the delay after the given attempt, which itself came after the delay
// last: exponential back-off, capped and jittered, but at least the error's
// Retry-After; none if that attempt goes elsewhere. ok is false if that is longer than MaxRetryAfter.
func (p *RetryPolicy) delay(ctx context.Context, attempt int, last time.Duration, err error) (delay time.Duration, ok bool) {
	if goesElsewhere(err) {
		return 0, true
	}
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

// goesElsewhere reports whether an error says itself that the next attempt does not go
// where this one has failed, so that it need not wait.
func goesElsewhere(err error) bool {
	e, ok := err.(interface{ GoesElsewhere() bool })
	return ok && e.GoesElsewhere()
}

// backOff returns BaseDelay, times Multiplier for each attempt after the first, but
// at most MaxDelay.
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

// between returns a random duration from from to to, both included.
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

// interruptedError is the error of a call whose context ended during a delay. It
// wraps ctx's error and the last attempt's.
type interruptedError struct{ cause, last error }

func (e *interruptedError) Error() string {
	return fmt.Sprintf("%v while waiting for the next attempt; the last one failed: %v", e.cause, e.last)
}

func (e *interruptedError) Unwrap() []error { return []error{e.cause, e.last} }
