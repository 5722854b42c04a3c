// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/resilience"
)

// ofOne is the failure of one of several servers.
type ofOne struct{ isIgnored, goesElsewhere bool }

func (ofOne) Error() string              { return "one of them failed" }
func (e ofOne) IsIgnoredByBreaker() bool { return e.isIgnored }
func (e ofOne) GoesElsewhere() bool      { return e.goesElsewhere }

func TestAnErrorMayCountAsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 2, RecoveryTimeout: time.Second})
		fail := func(err error) { _ = b.Call(t.Context(), func(context.Context) error { return err }) }
		fail(errors.New("all of them"))
		for range 5 {
			fail(ofOne{isIgnored: true})
		}
		require.Equal(t, resilience.StateClosed, b.State())
		fail(ofOne{})
		require.Equal(t, resilience.StateOpen, b.State(), "it is no success either")
		time.Sleep(time.Second) // virtual
		fail(ofOne{isIgnored: true})
		require.Equal(t, resilience.StateHalfOpen, b.State())
	})
}

func TestARetryThatGoesElsewhereDoesNotWait(t *testing.T) {
	for goesElsewhere, want := range map[bool]time.Duration{true: 0, false: 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			attempts := 0
			err := resilience.NewRetryPolicy(resilience.RetryConfig{}).Execute(t.Context(), func(context.Context) error {
				attempts++
				return ofOne{goesElsewhere: goesElsewhere}
			})
			require.Error(t, err)
			require.Equal(t, 3, attempts)
			require.Equal(t, want, time.Since(begun))
		})
	}
}
