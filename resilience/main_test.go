// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown = errors.New("service down")
	errBad  = errors.New("bad request")
)

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// failTimes lets a breaker see n failures.
func failTimes(t *testing.T, b *resilience.CircuitBreaker, n int) {
	t.Helper()
	for range n {
		if err := b.Call(t.Context(), fail); !errors.Is(err, errDown) {
			t.Fatalf("the call was not made: %v", err)
		}
	}
}

func wantState(t *testing.T, b *resilience.CircuitBreaker, want resilience.CircuitState) {
	t.Helper()
	if got := b.State(); got != want {
		t.Errorf("the circuit is %v, want %v", got, want)
	}
}
