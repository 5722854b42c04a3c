// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"testing"
)

func TestTheGuidesPoliciesAreValid(t *testing.T) {
	if _, err := guardedPrice(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := price(t.Context()); err != nil {
		t.Error(err)
	}
	if err := retry.Execute(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := busy.Call(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := acquire(); err != nil {
		t.Error(err)
	}
	if err := isFailure().Validate(); err != nil {
		t.Error(err)
	}
	if err := budget().Execute(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}
