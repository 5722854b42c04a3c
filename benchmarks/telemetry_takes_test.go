// SPDX-License-Identifier: Apache-2.0

//go:build !race

package benchmarks_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatTelemetryTakes keeps the price of telemetry where it is: metrics alone
// allocate nothing, and off is off. Times are only told, for what else runs on a
// machine changes them: make them with -count 1 -v.
func TestWhatTelemetryTakes(t *testing.T) {
	most := map[string]float64{ // allocations more than off
		"pyfly, off": 0, "pyfly, metrics": 0, "pyfly, metrics and 1% of traces": 5, "pyfly, metrics and all traces": 22,
	}
	subjects := telemetries(t)
	var off, byHand subject
	var allocated float64
	for _, s := range subjects {
		n := testing.AllocsPerRun(1000, func() {
			if err := s.call(); err != nil {
				t.Fatal(err)
			}
		})
		against := &off
		if strings.HasPrefix(s.name, "by hand") {
			against = &byHand
		}
		if against.call == nil {
			*against, allocated = s, n
		}
		if limit, ok := most[s.name]; ok && n-allocated > limit {
			t.Errorf("%s: %v allocations more than off, at most %v were meant", s.name, n-allocated, limit)
		}
		if testing.Verbose() {
			t.Logf("%s: %.3f times the time of off, %v allocations more", s.name, ratio(t, s.call, against.call), n-allocated)
		}
	}
}

// ratio is how much longer one call takes than another, by turns of both, of
// which it takes the median.
func ratio(t *testing.T, call, other func() error) float64 {
	const turns, calls = 400, 500
	took := func(call func() error) float64 {
		begun := time.Now()
		for range calls {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}
		return float64(time.Since(begun))
	}
	ratios := make([]float64, turns)
	for i := range ratios {
		if i%2 == 0 {
			ratios[i] = took(call) / took(other)
			continue
		}
		without := took(other)
		ratios[i] = took(call) / without
	}
	slices.Sort(ratios)
	return ratios[turns/2]
}
