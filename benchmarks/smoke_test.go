// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"fmt"
	"testing"
	"time"
)

// TestEverySubjectWorks runs what the benchmarks measure once, so that none of
// them measures a mistake.
func TestEverySubjectWorks(t *testing.T) {
	groups := map[string][]subject{
		"breaker closed":    closedBreakers(),
		"breaker open":      openBreakers(),
		"retry":             retries(),
		"retry and breaker": retriesAndBreakers(),
		"breaker window":    windows(),
		"pipeline":          pipelines(),
		"lookup":            append(lookups(t), digLookup(t)),
		"GET of a stub":     getsOfStub(t),
		"telemetry":         telemetries(t),
		"GET on loopback":   getsOnLoopback(t),
		"POST of a stub":    postsOfStub(t),
		"pick":              picks(10),
	}
	for _, shape := range shapes {
		for _, n := range []int{1, 10, 100} {
			groups[fmt.Sprintf("start of %s %d", shape.name, n)] = starts(n, shape.needs)
		}
	}
	for group, subjects := range groups {
		for _, s := range subjects {
			t.Run(group+"/"+s.name, func(t *testing.T) {
				if err := s.call(); (err != nil) != s.fails {
					t.Errorf("%v, want failure: %t", err, s.fails)
				}
			})
		}
	}
}

func TestStartsOfLevelsWork(t *testing.T) {
	took, err := startLevels(3, 5, time.Microsecond, 100)
	if err != nil || took <= 0 || waitLevels(3, 5, time.Microsecond) <= 0 {
		t.Errorf("%s, %v", took, err)
	}
}
