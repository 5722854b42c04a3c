// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"math"
	"slices"
)

// newSchedule makes the order of turns in which each entry comes as often as its
// weight says, as evenly spread as can be; nil if all weights are equal. Weights that
// would make it long are rounded: 16 turns for each entry, at least 4096.
func newSchedule(entries []entry) []uint32 {
	weights, sum := turnsOf(entries)
	if sum == len(entries) {
		return nil
	}
	type turn struct {
		due float64
		of  uint32
	}
	turns := make([]turn, 0, sum)
	for i, weight := range weights {
		for k := range weight {
			turns = append(turns, turn{(float64(k) + 0.5) / float64(weight), uint32(i)})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.of, b.of)) })
	schedule := make([]uint32, len(turns))
	for i, t := range turns {
		schedule[i] = t.of
	}
	return schedule
}

// turnsOf returns how many turns each entry has, and all together.
func turnsOf(entries []entry) (turns []int, sum int) {
	divisor, total := 0, 0
	for i := range entries {
		divisor = gcd(int(entries[i].weight), divisor)
		total += int(entries[i].weight)
	}
	scale := 1.0
	if divisor > 0 {
		scale = 1 / float64(divisor)
	}
	most := float64(max(16*len(entries), 4096))
	if exact := float64(total) * scale; exact > most {
		scale *= most / exact
	}
	turns = make([]int, len(entries))
	for i := range entries {
		turns[i] = max(int(math.Round(entries[i].weight*scale)), 1)
		sum += turns[i]
	}
	return turns, sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
