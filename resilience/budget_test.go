// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

const none = -1 // of a budget's number, in code

// load makes calls under a policy of two attempts and a budget, and counts how
// many were tried again.
type load struct {
	policy  *resilience.RetryPolicy
	retries int
}

func newLoad(config resilience.RetryBudgetConfig) *load {
	l := &load{}
	l.policy = resilience.NewRetryPolicy(resilience.RetryConfig{
		MaxAttempts: 2, BaseDelay: resilience.NoDelay, Budget: resilience.NewRetryBudget(config),
		OnRetry: func(resilience.RetryEvent) { l.retries++ },
	})
	return l
}

func (l *load) calls(t *testing.T, n int, fn func(context.Context) error) *load {
	for range n {
		_ = l.policy.Execute(t.Context(), fn)
	}
	return l
}

func TestARetryBudget(t *testing.T) {
	cases := map[string]struct {
		config resilience.RetryBudgetConfig
		run    func(t *testing.T, l *load)
		want   int
	}{
		"a fifth of the calls, by default, beyond ten a second": {resilience.RetryBudgetConfig{},
			func(t *testing.T, l *load) { l.calls(t, 100, succeed).calls(t, 100, fail) }, 40},
		"ten a second, by default, however few calls": {resilience.RetryBudgetConfig{},
			func(t *testing.T, l *load) { l.calls(t, 12, fail) }, 10},
		"the ratio alone": {resilience.RetryBudgetConfig{Ratio: 0.1, MinPerSecond: none},
			func(t *testing.T, l *load) { l.calls(t, 100, fail) }, 10},
		"the minimum alone": {resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 3},
			func(t *testing.T, l *load) { l.calls(t, 100, fail) }, 3},
		"the minimum again in the next second": {resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 3},
			func(t *testing.T, l *load) {
				l.calls(t, 10, fail)
				time.Sleep(999 * time.Millisecond)
				l.calls(t, 10, fail)
				time.Sleep(time.Millisecond)
				l.calls(t, 10, fail)
			}, 6},
		"one every two seconds": {resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: 0.5},
			func(t *testing.T, l *load) {
				for range 10 {
					l.calls(t, 3, fail)
					time.Sleep(time.Second)
				}
			}, 5},
		"none at all": {resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: none},
			func(t *testing.T, l *load) { l.calls(t, 100, fail) }, 0},
		"calls are forgotten after ten seconds": {resilience.RetryBudgetConfig{Ratio: 0.5, MinPerSecond: none},
			func(t *testing.T, l *load) {
				l.calls(t, 100, succeed)
				l.calls(t, 2, fail) // two retries of the 50 allowed
				time.Sleep(11 * time.Second)
				l.calls(t, 5, fail) // two of five
			}, 2 + 2},
		"retries are forgotten after ten seconds": {resilience.RetryBudgetConfig{Ratio: 0.5, MinPerSecond: none},
			func(t *testing.T, l *load) {
				l.calls(t, 100, fail)
				time.Sleep(11 * time.Second)
				l.calls(t, 101, fail)
			}, 50 + 50},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLoad(c.config)
				c.run(t, l)
				if l.retries != c.want {
					t.Errorf("%d retries, want %d", l.retries, c.want)
				}
			})
		})
	}
}

func TestASpentBudgetEndsTheCallWithItsLastError(t *testing.T) {
	l := newLoad(resilience.RetryBudgetConfig{Ratio: none, MinPerSecond: none})
	if err := l.policy.Execute(t.Context(), fail); err != errDown {
		t.Errorf("got %v", err)
	}
}

func TestAWrongBudgetIsNamed(t *testing.T) {
	err := resilience.RetryBudgetConfig{Ratio: 1.5, MinPerSecond: -3}.Validate()
	for _, want := range []string{"ratio is 1.5: it must be between 0 and 1", "min-per-second is -3"} {
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	var config resilience.RetryBudgetConfig
	config.SetExplicitZero("ratio")
	config.SetExplicitZero("min-per-second")
	if config.Ratio != none || config.MinPerSecond != none || config.Validate() != nil {
		t.Errorf("%+v, %v", config, config.Validate())
	}
}
