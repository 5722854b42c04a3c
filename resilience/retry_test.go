// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// delaysOf runs a policy over calls that always fail with err, in virtual time,
// and returns the delays between them.
func delaysOf(t *testing.T, ctx context.Context, config resilience.RetryConfig, err error) (delays []time.Duration, result error) {
	t.Helper()
	var last time.Time
	result = resilience.NewRetryPolicy(config).Execute(ctx, func(context.Context) error {
		if now := time.Now(); !last.IsZero() {
			delays = append(delays, now.Sub(last))
		}
		last = time.Now()
		return err
	})
	return delays, result
}

// busy is an error that asks to wait.
type busy time.Duration

func (b busy) Error() string             { return "busy" }
func (b busy) RetryAfter() time.Duration { return time.Duration(b) }

func TestDelays(t *testing.T) {
	const s = time.Second
	cases := map[string]struct {
		config resilience.RetryConfig
		err    error
		want   []time.Duration
	}{
		"by default three attempts, 1s and 2s": {resilience.RetryConfig{}, errDown, []time.Duration{s, 2 * s}},
		"doubled each time":                    {resilience.RetryConfig{MaxAttempts: 4}, errDown, []time.Duration{s, 2 * s, 4 * s}},
		"a base of one's own":                  {resilience.RetryConfig{BaseDelay: 100 * time.Millisecond}, errDown, []time.Duration{s / 10, s / 5}},
		"none":                                 {resilience.RetryConfig{BaseDelay: resilience.NoDelay}, errDown, []time.Duration{0, 0}},
		"one attempt":                          {resilience.RetryConfig{MaxAttempts: 1}, errDown, nil},
		"capped":                               {resilience.RetryConfig{MaxAttempts: 5, MaxDelay: 3 * s}, errDown, []time.Duration{s, 2 * s, 3 * s, 3 * s}},
		"capped at 30s by default":             {resilience.RetryConfig{MaxAttempts: 4, BaseDelay: 20 * s}, errDown, []time.Duration{20 * s, 30 * s, 30 * s}},
		"a base beyond the default cap":        {resilience.RetryConfig{BaseDelay: time.Minute}, errDown, []time.Duration{time.Minute, time.Minute}},
		"no overflow":                          {resilience.RetryConfig{MaxAttempts: 70, MaxDelay: s, BaseDelay: 1}, errDown, nil},
		"Retry-After is a floor":               {resilience.RetryConfig{}, busy(1500 * time.Millisecond), []time.Duration{1500 * time.Millisecond, 2 * s}},
		"Retry-After is not capped":            {resilience.RetryConfig{MaxDelay: s}, fmt.Errorf("%w", busy(9*s)), []time.Duration{9 * s, 9 * s}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				delays, err := delaysOf(t, t.Context(), c.config, c.err)
				if name == "no overflow" {
					if len(delays) != 69 || slices.Min(delays) < 0 || slices.Max(delays) != s {
						t.Errorf("delays %v", delays)
					}
				} else if !slices.Equal(delays, c.want) {
					t.Errorf("delays %v, want %v", delays, c.want)
				}
				if err != c.err {
					t.Errorf("returned %v, want the last error as it was", err)
				}
			})
		})
	}
}

func TestItStopsAtTheFirstSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		err := resilience.NewRetryPolicy(resilience.RetryConfig{}).Execute(t.Context(), func(context.Context) error {
			attempts++
			if attempts < 2 {
				return errDown
			}
			return nil
		})
		if err != nil || attempts != 2 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
	})
}

func TestADelayThatOutlastsTheDeadlineIsNotSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		begun := time.Now()
		delays, err := delaysOf(t, ctx, resilience.RetryConfig{}, errDown)
		if len(delays) != 1 || err != errDown || time.Since(begun) != time.Second {
			t.Errorf("delays %v, %v after %s; want one delay of 1s and the last error at once", delays, err, time.Since(begun))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := delaysOf(t, ctx, resilience.RetryConfig{}, busy(time.Minute)); err != busy(time.Minute) || time.Since(begun) != 0 {
			t.Errorf("Retry-After beyond the deadline: %v after %s", err, time.Since(begun))
		}
	})
}

func TestCancellation(t *testing.T) {
	t.Run("ends a delay at once, with both errors", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			begun := time.Now()
			_, err := delaysOf(t, ctx, resilience.RetryConfig{}, errDown)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errDown) || time.Since(begun) != 300*time.Millisecond {
				t.Errorf("%v after %s", err, time.Since(begun))
			}
		})
	})
	t.Run("during an attempt is not tried again", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		err := resilience.NewRetryPolicy(resilience.RetryConfig{}).Execute(ctx, func(ctx context.Context) error {
			attempts++
			cancel()
			return ctx.Err()
		})
		if attempts != 1 || err != context.Canceled {
			t.Errorf("%d attempts, %v", attempts, err)
		}
	})
	t.Run("before the first attempt keeps it from running", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := resilience.NewRetryPolicy(resilience.RetryConfig{}).Execute(ctx, func(context.Context) error {
			t.Error("it ran")
			return nil
		})
		if err != context.Canceled {
			t.Error(err)
		}
	})
}

type pointerError struct{}

func (*pointerError) Error() string { return "pointer" }

type valueError struct{}

func (valueError) Error() string { return "value" }

// uncomparable is an error that == panics for.
type uncomparable []int

func (uncomparable) Error() string { return "uncomparable" }

func TestRetryOn(t *testing.T) {
	always := func(error) bool { return true }
	never := func(error) bool { return false }
	down, open := resilience.Errors(errDown), resilience.Errors(kernel.ErrCircuitOpen)
	for name, c := range map[string]struct {
		on      func(error) bool
		err     error
		retried bool
	}{
		"nil matches any error":                       {nil, errDown, true},
		"a function that matches":                     {always, errDown, true},
		"a function that does not match":              {never, errDown, false},
		"an error":                                    {down, errDown, true},
		"a wrapped error":                             {down, fmt.Errorf("wrapped: %w", errDown), true},
		"a joined error":                              {down, errors.Join(errBad, errDown), true},
		"another error":                               {down, errBad, false},
		"one of several errors":                       {resilience.Errors(errBad, errDown), errDown, true},
		"none of several errors":                      {resilience.Errors(errBad, io.EOF), errDown, false},
		"an error that cannot be compared":            {resilience.Errors(uncomparable{}), uncomparable{}, false},
		"no errors":                                   {resilience.Errors(), errDown, false},
		"a nil error":                                 {resilience.Errors(nil), errDown, false},
		"a nil error among others":                    {resilience.Errors(nil, errDown), errDown, true},
		"a pointer type":                              {resilience.ErrorType[*pointerError](), fmt.Errorf("w: %w", &pointerError{}), true},
		"another type":                                {resilience.ErrorType[*pointerError](), errDown, false},
		"a value type":                                {resilience.ErrorType[valueError](), fmt.Errorf("w: %w", valueError{}), true},
		"a pointer is another type than its value":    {resilience.ErrorType[valueError](), &valueError{}, false},
		"an interface type":                           {resilience.ErrorType[resilience.RetryAfterer](), busy(0), true},
		"the type error":                              {resilience.ErrorType[error](), errDown, true},
		"a nil pointer of the type":                   {resilience.ErrorType[*pointerError](), (*pointerError)(nil), true},
		"any of several conditions":                   {resilience.Any(resilience.Errors(errBad), resilience.ErrorType[*pointerError]()), &pointerError{}, true},
		"none of several conditions":                  {resilience.Any(resilience.Errors(errBad), never), errDown, false},
		"conditions within conditions":                {resilience.Any(never, resilience.Any(never, down)), errDown, true},
		"no conditions":                               {resilience.Any(), errDown, false},
		"a nil condition":                             {resilience.Any(nil), errDown, false},
		"a nil condition among others":                {resilience.Any(nil, down, nil), errDown, true},
		"an open circuit by default":                  {nil, kernel.ErrCircuitOpen, false},
		"an open circuit and a function that matches": {always, kernel.ErrCircuitOpen, false},
		"an open circuit that is named":               {open, kernel.ErrCircuitOpen, false},
		"an open circuit whose type is named":         {resilience.ErrorType[*resilience.CircuitBreakerError](), &resilience.CircuitBreakerError{}, false},
		"a wrapped open circuit that is named":        {resilience.Any(open, always), fmt.Errorf("w: %w", kernel.ErrCircuitOpen), false},
	} {
		t.Run(name, func(t *testing.T) {
			config := resilience.RetryConfig{MaxAttempts: 2, BaseDelay: resilience.NoDelay, RetryOn: c.on}
			require.NoError(t, config.Validate())
			attempts := 0
			err := resilience.NewRetryPolicy(config).Execute(t.Context(), func(context.Context) error { attempts++; return c.err })
			assert.Equal(t, c.retried, attempts == 2)
			assert.Equal(t, c.err, err)
		})
	}
}

// TestConditionsKeepWhatTheyWereMadeOf changes the slices that conditions were made
// of.
func TestConditionsKeepWhatTheyWereMadeOf(t *testing.T) {
	targets := []error{errDown}
	conditions := []func(error) bool{resilience.Errors(targets...)}
	condition := resilience.Any(conditions...)
	targets[0], conditions[0] = errBad, nil
	assert.True(t, condition(errDown))
	assert.False(t, condition(errBad))
	assert.False(t, condition(nil))
}

func TestAWrongRetryConfigurationIsNamed(t *testing.T) {
	err := resilience.RetryConfig{MaxAttempts: -1, BaseDelay: -time.Second, MaxDelay: math.MinInt64, Jitter: "some"}.Validate()
	for _, want := range []string{"max-attempts must be at least 1", "base-delay", "max-delay", `jitter is "some"`} {
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	policy := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: -1})
	if err := policy.Execute(t.Context(), succeed); !errors.Is(err, kernel.ErrConfig) {
		t.Errorf("Execute returned %v", err)
	}
}

func TestExplicitZeros(t *testing.T) {
	var retry resilience.RetryConfig
	retry.SetExplicitZero("base-delay")
	if retry.BaseDelay != resilience.NoDelay || retry.Validate() != nil {
		t.Errorf("base-delay: %v, %v", retry.BaseDelay, retry.Validate())
	}
	retry.SetExplicitZero("max-attempts")
	if err := retry.Validate(); err == nil || !strings.Contains(err.Error(), "max-attempts must be at least 1") {
		t.Error(err)
	}
	var breaker resilience.CircuitBreakerConfig
	breaker.SetExplicitZero("recovery-timeout")
	breaker.SetExplicitZero("half-open-max-wait")
	if breaker.RecoveryTimeout != resilience.NoDelay || breaker.HalfOpenMaxWait != resilience.NoDelay || breaker.Validate() != nil {
		t.Errorf("%+v", breaker)
	}
	breaker.SetExplicitZero("failure-threshold")
	breaker.SetExplicitZero("half-open-probes")
	if err := breaker.Validate(); err == nil || strings.Count(err.Error(), "must be at least 1") != 2 {
		t.Error(err)
	}
}

func TestOnRetryIsToldBeforeTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var told []string
		config := resilience.RetryConfig{OnRetry: func(e resilience.RetryEvent) {
			told = append(told, fmt.Sprintf("%s: attempt %d, %v, next in %s", time.Since(begun), e.Attempt, e.Err, e.Delay))
		}}
		_, _ = delaysOf(t, t.Context(), config, errDown)
		want := []string{"0s: attempt 1, service down, next in 1s", "1s: attempt 2, service down, next in 2s"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
	})
}

func TestARetryThatSucceedsAtOnceAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	plain := resilience.NewRetryPolicy(resilience.RetryConfig{})
	budgeted := resilience.NewRetryPolicy(resilience.RetryConfig{Budget: resilience.NewRetryBudget(resilience.RetryBudgetConfig{})})
	answer := func(context.Context) (int, error) { return 42, nil }
	for name, call := range map[string]func(){
		"plain":       func() { _ = plain.Execute(ctx, succeed) },
		"with budget": func() { _ = budgeted.Execute(ctx, succeed) },
		"with result": func() { _, _ = resilience.Call(ctx, plain, answer) },
	} {
		if n := testing.AllocsPerRun(200, call); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestRetryAroundAnOpenCircuitReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 2})
		retry := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 5})
		begun := time.Now()
		err := retry.Execute(t.Context(), func(ctx context.Context) error { return breaker.Call(ctx, fail) })
		if !errors.Is(err, kernel.ErrCircuitOpen) || time.Since(begun) != 3*time.Second {
			t.Errorf("%v after %s; want the circuit to open at the second attempt and end the call at the third", err, time.Since(begun))
		}
	})
}

// twice is a policy of a user's own.
type twice struct{}

func (twice) Execute(ctx context.Context, fn func(context.Context) error) error {
	_ = fn(ctx)
	return fn(ctx)
}

func TestCallReturnsTheResultUnderAnyPolicy(t *testing.T) {
	for name, policy := range map[string]resilience.Policy{
		"breaker": resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{}),
		"retry":   resilience.NewRetryPolicy(resilience.RetryConfig{}),
		"own":     twice{},
	} {
		got, err := resilience.Call(t.Context(), policy, func(context.Context) (string, error) { return "result", nil })
		if got != "result" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
