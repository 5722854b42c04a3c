// SPDX-License-Identifier: Apache-2.0

//go:build !race

package benchmarks_test

import (
	"math"
	"testing"
	"time"
)

// TestWhatPoliciesTake keeps policies from allocating. Times are only told, for what
// else runs on a machine changes them: run it with -count 1 -v. Subjects take turns,
// and each is told by its fastest turn, as a multiple of the first one's.
func TestWhatPoliciesTake(t *testing.T) {
	for _, group := range []struct {
		name     string
		subjects []subject
	}{
		{"breaker closed", named(closedBreakers(), "floor", "pyfly", "eapache")},
		{"breaker open", named(openBreakers(), "floor and the clock", "pyfly", "floor")},
		{"retry, breaker", named(pipelines(), "pyfly, retry, breaker, by hand", "pyfly, retry, breaker")},
	} {
		for _, s := range group.subjects {
			if n := testing.AllocsPerRun(1000, func() { _ = s.call() }); n != 0 {
				t.Errorf("%s, %s: %v allocations", group.name, s.name, n)
			}
		}
		if !testing.Verbose() {
			continue
		}
		took := fastest(t, group.subjects)
		for i, s := range group.subjects {
			t.Logf("%s, %s: %.2f ns, %.3f times", group.name, s.name, took[i], took[i]/took[0])
		}
	}
}

// named returns the subjects of the given names, in their order.
func named(subjects []subject, names ...string) (found []subject) {
	for _, name := range names {
		for _, s := range subjects {
			if s.name == name {
				found = append(found, s)
			}
		}
	}
	return found
}

// fastest returns for each subject the nanoseconds of a call in its fastest turn.
func fastest(t *testing.T, subjects []subject) []float64 {
	const turns, calls = 2000, 2000
	least := make([]float64, len(subjects))
	for i := range least {
		least[i] = math.Inf(1)
	}
	for range turns {
		for i, s := range subjects {
			begun := time.Now()
			for range calls {
				if err := s.call(); (err != nil) != s.fails {
					t.Fatal(err)
				}
			}
			least[i] = min(least[i], float64(time.Since(begun))/calls)
		}
	}
	return least
}
