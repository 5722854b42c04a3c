// SPDX-License-Identifier: Apache-2.0

package random_test

import (
	"context"
	"testing"

	"github.com/pyfly-go/pyfly/internal/random"
)

type fixed struct{}

func (fixed) Int64N(n int64) int64 { return n - 1 }
func (fixed) Text() string         { return "fixed" }

func TestAContextsSourceIsAsked(t *testing.T) {
	ctx := random.WithSource(context.Background(), fixed{})
	if n, text := random.Int64N(ctx, 7), random.Text(ctx); n != 6 || text != "fixed" {
		t.Errorf("got %d and %q, want 6 and fixed", n, text)
	}
}

func TestWithoutASourceValuesDiffer(t *testing.T) {
	ctx := context.Background()
	if a, b := random.Text(ctx), random.Text(ctx); a == b || len(a) < 26 {
		t.Errorf("got %q and %q, want two different texts of 26 characters", a, b)
	}
	if n := random.Int64N(ctx, 1); n != 0 {
		t.Errorf("got %d, want 0", n)
	}
}

func TestKeyedNumbersDependOnTheirKeyOnly(t *testing.T) {
	first := random.Keyed(1, "caller", 3).Uint64()
	random.Keyed(1, "caller", 2).Uint64()
	if again := random.Keyed(1, "caller", 3).Uint64(); again != first {
		t.Error("the same key gives another number")
	}
	for _, other := range []uint64{random.Keyed(1, "caller", 4).Uint64(), random.Keyed(2, "caller", 3).Uint64(), random.Keyed(1, "caller3").Uint64()} {
		if other == first {
			t.Error("another key gives the same number")
		}
	}
}
