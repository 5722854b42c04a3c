// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestTheWaitForAProbeIsMonotonic keeps a wall clock that is set from
// shortening or lengthening the wait: time.Time compares by the monotonic
// reading as long as both sides have one, which its String shows as m=.
func TestTheWaitForAProbeIsMonotonic(t *testing.T) {
	b := NewCircuitBreaker(CircuitBreakerConfig{FailureThreshold: 1})
	_ = b.Call(t.Context(), func(context.Context) error { return errors.New("down") })
	if probeAt := b.open.Load().probeAt; !strings.Contains(probeAt.String(), " m=") {
		t.Errorf("%s has no monotonic reading", probeAt)
	}
	if begun := NewRetryBudget(RetryBudgetConfig{}).begun; !strings.Contains(begun.String(), " m=") {
		t.Errorf("%s has no monotonic reading", begun)
	}
}
