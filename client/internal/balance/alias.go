// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"math/rand/v2"

	"github.com/pyfly-go/pyfly/internal/random"
)

// bits draws random bits. The lowest two may be zero. source may be nil.
func bits(source random.Source) uint64 {
	if source == nil {
		return rand.Uint64()
	}
	return uint64(source.Int64N(1<<62)) << 2
}

// below turns 32 random bits into a number below n.
func below(n int, bits uint32) int { return int(uint64(bits) * uint64(n) >> 32) }

// slot is one of n equally likely slots of an alias table, which stands for one or
// two of n things (M. D. Vose, A linear algorithm for generating random numbers with
// a given distribution, 1991).
type slot struct {
	own   uint32 // how many of 2^32 draws are for the thing of the slot's number
	other uint32 // whom the rest are for
}

// newTable makes a table of entries by weight; nil if all weights are equal.
func newTable(entries []entry) []slot {
	sum, isEqual := 0.0, true
	for i := range entries {
		sum += entries[i].weight
		isEqual = isEqual && entries[i].weight == entries[0].weight
	}
	if isEqual {
		return nil
	}
	scaled := make([]float64, len(entries))
	var small, large []int
	for i := range entries {
		scaled[i] = entries[i].weight * float64(len(entries)) / sum
		if scaled[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	table := make([]slot, len(entries))
	for i := range table {
		table[i] = slot{own: math.MaxUint32, other: uint32(i)}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		table[s] = slot{own: uint32(scaled[s] * (1 << 32)), other: uint32(l)}
		if scaled[l] -= 1 - scaled[s]; scaled[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return table
}
