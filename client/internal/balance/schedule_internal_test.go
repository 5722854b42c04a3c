// SPDX-License-Identifier: Apache-2.0

package balance

import "testing"

func TestASchedulesLengthIsBounded(t *testing.T) {
	for _, weights := range [][]float64{{999_983, 499_979, 1}, {1, 1_000_000}} {
		entries := make([]entry, len(weights))
		for i, weight := range weights {
			entries[i].weight = weight
		}
		if n := len(newSchedule(entries)); n < 4000 || n > 4200 {
			t.Errorf("%v: %d turns", weights, n)
		}
	}
}
