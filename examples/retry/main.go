// SPDX-License-Identifier: Apache-2.0

// A retry policy alone: exponential delays, which errors are tried again, a
// service that says how long to wait, a deadline that is not outslept, and a
// budget that keeps retries from multiplying.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	errUnavailable = errors.New("service unavailable")
	errNoSuchOrder = errors.New("no such order")
)

// busyError says how long to wait: any error with such a method is heeded.
type busyError struct{ wait time.Duration }

func (e busyError) Error() string             { return "too many requests" }
func (e busyError) RetryAfter() time.Duration { return e.wait }

// story prints what the policies do, with the time since its beginning.
type story struct {
	out   io.Writer
	begun time.Time
}

func (s *story) title(text string) {
	s.begun = time.Now()
	fmt.Fprintf(s.out, "\n%s\n", text)
}

func (s *story) say(format string, args ...any) {
	fmt.Fprintf(s.out, "%7.3fs  %s\n", time.Since(s.begun).Seconds(), fmt.Sprintf(format, args...))
}

func (s *story) onRetry(e resilience.RetryEvent) {
	s.say("attempt %d: %v; again in %v", e.Attempt, e.Err, e.Delay)
}

// failing returns a call that fails with err a number of times.
func failing(times int, err error) func(context.Context) error {
	return func(context.Context) error {
		times--
		if times >= 0 {
			return err
		}
		return nil
	}
}

func run(ctx context.Context, out io.Writer) error {
	s := &story{out: out}
	config := resilience.RetryConfig{
		MaxAttempts: 4,
		BaseDelay:   100 * time.Millisecond,
		RetryOn:     []any{errUnavailable, new(busyError)}, // by errors.Is, by errors.As
		OnRetry:     s.onRetry,
	}
	retry := resilience.NewRetryPolicy(config)

	s.title("A service that recovers")
	s.say("result: %v", retry.Execute(ctx, failing(3, errUnavailable)))

	s.title("An error that is not worth another attempt")
	s.say("result: %v", retry.Execute(ctx, failing(1, errNoSuchOrder)))

	s.title("A service that asks to wait")
	s.say("result: %v", retry.Execute(ctx, failing(1, busyError{400 * time.Millisecond})))

	s.title("A deadline that the next delay would outlast")
	limited, cancel := context.WithTimeout(ctx, 250*time.Millisecond)
	defer cancel()
	s.say("result: %v, not waited for", retry.Execute(limited, failing(9, errUnavailable)))

	s.title("A budget for all calls of a service")
	config.Budget = resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: 0.2, MinPerSecond: 1})
	config.BaseDelay, config.OnRetry = resilience.NoDelay, nil
	budgeted := resilience.NewRetryPolicy(config)
	attempts := 0
	for range 50 {
		_ = budgeted.Execute(ctx, func(context.Context) error { attempts++; return errUnavailable })
	}
	s.say("50 calls that fail made %d attempts, not 200", attempts)
	return ctx.Err()
}
