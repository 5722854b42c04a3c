// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// TestTransitions walks every arrow of the breaker's diagram. A step is a call
// that succeeds (+), fails (-) or must be refused (x), or a wait in seconds.
func TestTransitions(t *testing.T) {
	const closed, open, halfOpen = resilience.StateClosed, resilience.StateOpen, resilience.StateHalfOpen
	config := resilience.CircuitBreakerConfig{FailureThreshold: 3, RecoveryTimeout: 10 * time.Second}
	twoProbes := config
	twoProbes.HalfOpenProbes = 2
	noWait := config
	noWait.RecoveryTimeout = resilience.NoDelay
	cases := map[string]struct {
		config resilience.CircuitBreakerConfig
		steps  string
		want   resilience.CircuitState
	}{
		"new":                                     {config, "", closed},
		"success keeps closed":                    {config, "+ + +", closed},
		"fewer failures than the threshold":       {config, "- -", closed},
		"a success forgets the failures":          {config, "- - + - -", closed},
		"failures in a row open":                  {config, "- - -", open},
		"open refuses":                            {config, "- - - x x", open},
		"open refuses until the very end":         {config, "- - - 9 x", open},
		"half-open when the time is over":         {config, "- - - 10", halfOpen},
		"a probe that succeeds closes":            {config, "- - - 10 +", closed},
		"closed again counts from zero":           {config, "- - - 10 + - -", closed},
		"closed again opens again":                {config, "- - - 10 + - - -", open},
		"a probe that fails opens":                {config, "- - - 10 -", open},
		"and the wait starts again":               {config, "- - - 10 - 9 x", open},
		"and is over again":                       {config, "- - - 10 - 10", halfOpen},
		"the first of two probes does not close":  {twoProbes, "- - - 10 +", halfOpen},
		"two probes close":                        {twoProbes, "- - - 10 + +", closed},
		"the second of two probes opens":          {twoProbes, "- - - 10 + -", open},
		"half-open at once without recovery time": {noWait, "- - -", halfOpen},
		"the default threshold is 5":              {resilience.CircuitBreakerConfig{}, "- - - -", closed},
		"five open by default":                    {resilience.CircuitBreakerConfig{}, "- - - - -", open},
		"the default recovery is 30s":             {resilience.CircuitBreakerConfig{}, "- - - - - 29 x", open},
		"after which it is half-open":             {resilience.CircuitBreakerConfig{}, "- - - - - 30", halfOpen},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := resilience.NewCircuitBreaker(c.config)
				for step := range strings.FieldsSeq(c.steps) {
					take(t, b, step)
				}
				wantState(t, b, c.want)
			})
		})
	}
}

func take(t *testing.T, b *resilience.CircuitBreaker, step string) {
	t.Helper()
	switch step {
	case "+":
		if err := b.Call(t.Context(), succeed); err != nil {
			t.Fatalf("a call that succeeds returned %v", err)
		}
	case "-":
		if err := b.Call(t.Context(), fail); !errors.Is(err, errDown) {
			t.Fatalf("a call that fails returned %v", err)
		}
	case "x":
		err := b.Call(t.Context(), func(context.Context) error { t.Error("a refused call was made"); return nil })
		if !errors.Is(err, kernel.ErrCircuitOpen) {
			t.Fatalf("a call that must be refused returned %v", err)
		}
	default:
		var seconds int
		fmt.Sscan(step, &seconds)
		time.Sleep(time.Duration(seconds) * time.Second) // virtual
	}
}

func TestARefusalSaysForHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{Name: "payment", FailureThreshold: 1})
		failTimes(t, b, 1)
		time.Sleep(500 * time.Millisecond)
		err := b.Call(t.Context(), succeed)

		var pointer *resilience.CircuitBreakerError
		if !errors.As(err, &pointer) || pointer.Name != "payment" || pointer.RetryAfter() != 29500*time.Millisecond {
			t.Errorf("as a pointer: %+v", pointer)
		}
		var value resilience.CircuitBreakerError
		if !errors.As(fmt.Errorf("wrapped: %w", err), &value) || value.State != resilience.StateOpen {
			t.Errorf("as a value: %+v", value)
		}
		if got := err.Error(); got != `circuit breaker "payment" is open: next probe in 29.5s` {
			t.Error(got)
		}
		time.Sleep(time.Minute)
		if pointer.RetryAfter() != 0 {
			t.Errorf("after the time is over: %s", pointer.RetryAfter())
		}
	})
}

// TestWhatCountsAsFailure has a threshold of one: a failure opens.
func TestWhatCountsAsFailure(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	notBad := func(err error) bool { return !errors.Is(err, errBad) }

	cases := map[string]struct {
		isFailure func(error) bool
		ctx       func() (context.Context, context.CancelFunc)
		fn        func(context.Context) error
		opens     bool
	}{
		"an error":                       {nil, nil, fail, true},
		"no error":                       {nil, nil, succeed, false},
		"an error that IsFailure counts": {notBad, nil, fail, true},
		"an error that it does not count": {notBad, nil,
			func(context.Context) error { return errBad }, false},
		"a context done before the call": {nil,
			func() (context.Context, context.CancelFunc) { return cancelled, func() {} },
			func(context.Context) error { return errors.New("must not run") }, false},
		"the caller's cancellation": {nil, cancelledDuring,
			func(ctx context.Context) error { ctx.Value(cancelKey{}).(context.CancelFunc)(); return ctx.Err() }, false},
		"an error that only follows the cancellation": {nil, cancelledDuring,
			func(ctx context.Context) error { ctx.Value(cancelKey{}).(context.CancelFunc)(); return errDown }, false},
		"the caller's deadline": {nil,
			func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), time.Millisecond)
			},
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, true},
		"a time limit of the call itself": {nil, nil,
			func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				<-ctx.Done()
				return ctx.Err()
			}, true},
		"another breaker's refusal": {nil, nil,
			func(ctx context.Context) error {
				inner := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1, Name: "inner"})
				_ = inner.Call(ctx, fail)
				return inner.Call(ctx, succeed)
			}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1, IsFailure: c.isFailure})
				ctx := context.Background()
				if c.ctx != nil {
					var cancel context.CancelFunc
					ctx, cancel = c.ctx()
					defer cancel()
				}
				_ = b.Call(ctx, c.fn)
				if opened := b.State() == resilience.StateOpen; opened != c.opens {
					t.Errorf("opened: %t, want %t", opened, c.opens)
				}
			})
		})
	}
}

type cancelKey struct{}

// cancelledDuring gives the function under test the means to cancel its caller.
func cancelledDuring() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	return context.WithValue(ctx, cancelKey{}, cancel), cancel
}

func TestAnErrorThatIsNoFailureForgetsFailures(t *testing.T) {
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		FailureThreshold: 2, IsFailure: func(err error) bool { return errors.Is(err, errDown) },
	})
	failTimes(t, b, 1)
	_ = b.Call(t.Context(), func(context.Context) error { return errBad })
	failTimes(t, b, 1)
	wantState(t, b, resilience.StateClosed)
}

func TestAPanicCountsAndGoesOn(t *testing.T) {
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1})
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic did not go on")
			}
		}()
		_ = b.Call(t.Context(), func(context.Context) error { panic("boom") })
	}()
	wantState(t, b, resilience.StateOpen)
}

func TestLateResultsChangeNothing(t *testing.T) {
	config := resilience.CircuitBreakerConfig{FailureThreshold: 1, RecoveryTimeout: 10 * time.Second}
	t.Run("a success begun before the circuit opened", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := resilience.NewCircuitBreaker(config)
			late, _ := b.Acquire()
			failTimes(t, b, 1)
			late.Success()
			wantState(t, b, resilience.StateOpen)
		})
	})
	t.Run("a success begun before it opened, while it is half-open", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := resilience.NewCircuitBreaker(config)
			late, _ := b.Acquire()
			failTimes(t, b, 1)
			time.Sleep(10 * time.Second)
			probe, err := b.Acquire()
			if err != nil {
				t.Fatal(err)
			}
			late.Success()
			wantState(t, b, resilience.StateHalfOpen)
			probe.Success()
			wantState(t, b, resilience.StateClosed)
		})
	})
	t.Run("a failure begun before the circuit opened, after it closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := resilience.NewCircuitBreaker(config)
			late, _ := b.Acquire()
			failTimes(t, b, 1)
			time.Sleep(10 * time.Second)
			if err := b.Call(t.Context(), succeed); err != nil {
				t.Fatal(err)
			}
			late.Failure()
			wantState(t, b, resilience.StateClosed)
		})
	})
	t.Run("a probe of an earlier half-open time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := config
			c.HalfOpenProbes = 2
			b := resilience.NewCircuitBreaker(c)
			failTimes(t, b, 1)
			time.Sleep(10 * time.Second)
			late, _ := b.Acquire()
			failTimes(t, b, 1) // the second probe fails
			time.Sleep(10 * time.Second)
			current, err := b.Acquire()
			if err != nil {
				t.Fatal(err)
			}
			late.Failure()
			wantState(t, b, resilience.StateHalfOpen)
			current.Success()
			wantState(t, b, resilience.StateHalfOpen)
		})
	})
}

func TestAnInvalidConfigurationFailsEveryCall(t *testing.T) {
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: -1, RecoveryTimeout: -time.Second})
	err := b.Call(t.Context(), func(context.Context) error { t.Error("the call was made"); return nil })
	for _, want := range []string{"failure-threshold must be at least 1", "recovery-timeout is -1s"} {
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestListenersHearEveryTransitionInOrderAndMayUseTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		var b *resilience.CircuitBreaker
		b = resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
			Name: "b", FailureThreshold: 1, RecoveryTimeout: time.Second,
			OnStateChange: func(c resilience.StateChange) {
				heard = append(heard, fmt.Sprintf("%s %v -> %v, is %v", c.Name, c.From, c.To, b.State()))
				if c.To == resilience.StateClosed {
					_ = b.Call(t.Context(), fail) // opens it again from within
				}
			},
		})
		failTimes(t, b, 1)
		time.Sleep(time.Second)
		if err := b.Call(t.Context(), succeed); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"b closed -> open, is open", "b open -> half-open, is half-open",
			"b half-open -> closed, is closed", "b closed -> open, is open",
		}
		if !slices.Equal(heard, want) {
			t.Errorf("heard\n%s\nwant\n%s", strings.Join(heard, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestAListenerThatPanicsLeavesTheBreakerUsable(t *testing.T) {
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		FailureThreshold: 1, OnStateChange: func(resilience.StateChange) { panic("listener") },
	})
	func() {
		defer func() { _ = recover() }()
		_ = b.Call(t.Context(), fail)
	}()
	if err := b.Call(t.Context(), succeed); !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Errorf("got %v", err)
	}
}

func TestTheBreakerAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	closed := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{})
	open := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1, RecoveryTimeout: time.Hour})
	failTimes(t, open, 1)
	answer := func(context.Context) (int, error) { return 42, nil }
	for name, call := range map[string]func(){
		"closed":             func() { _ = closed.Call(ctx, succeed) },
		"a failure":          func() { _ = closed.Call(ctx, fail); _ = closed.Call(ctx, succeed) },
		"open":               func() { _ = open.Call(ctx, succeed) },
		"closed with result": func() { _, _ = resilience.Call(ctx, closed, answer) },
	} {
		if n := testing.AllocsPerRun(200, call); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestConcurrentCallsOfABreakerThatOpensAndCloses(t *testing.T) {
	var transitions []resilience.StateChange
	b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		FailureThreshold: 3, RecoveryTimeout: resilience.NoDelay,
		OnStateChange: func(c resilience.StateChange) { transitions = append(transitions, c) },
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 2000 {
				_ = b.Call(t.Context(), func(context.Context) error {
					if (i*j)%3 == 0 {
						runtime.Gosched()
						return errDown
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
	from := resilience.StateClosed
	for i, c := range transitions {
		if c.From != from {
			t.Fatalf("transition %d is %v -> %v, but the circuit was %v", i, c.From, c.To, from)
		}
		from = c.To
	}
	if len(transitions) == 0 {
		t.Error("the circuit never opened: the test shows nothing")
	}
}
