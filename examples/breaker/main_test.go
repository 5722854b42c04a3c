// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//go:embed testdata/output.txt
var wholeOutput string

// In the virtual time of a synctest bubble the run takes no time, and its
// output is the same every time.
func TestTheWholeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != wholeOutput {
			t.Errorf("got:\n%s\nwant:\n%s", got, wholeOutput)
		}
		if took := time.Since(begun); took >= 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestItCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		begun := time.Now()
		err := run(ctx, io.Discard)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 250*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

func TestAnOpenCircuitWithNothingInTheCache(t *testing.T) {
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1})
	rates := newRates(breaker, func(context.Context) (float64, error) { return 0, errDown })
	if _, err := rates.get(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("the first failure is %v", err)
	}
	var refused *resilience.CircuitBreakerError
	if _, err := rates.get(t.Context()); !errors.As(err, &refused) {
		t.Errorf("an open circuit without a cached answer gives %v", err)
	}
}
