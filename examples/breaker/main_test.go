// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

func TestTheExampleShowsTheCacheWhileTheCircuitIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		want := `(?s)price 100 \(fresh\).*no price: connection refused.*circuit closed -> open` +
			`.*price 112 \(from the cache, circuit breaker "prices" is open: next probe in \d+ms\)` +
			`.*circuit open -> half-open.*circuit half-open -> closed.*\(fresh\)`
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the output does not match %s:\n%s", want, out.String())
		}
	})
}

func TestTheExampleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, &strings.Builder{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
