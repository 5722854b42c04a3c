// SPDX-License-Identifier: Apache-2.0

// Package phase divides an order of elements into phases. What an element needs
// comes before it in the order, and belongs to the same phase or to a lower one.
package phase

import (
	"cmp"
	"slices"
)

// Phase is a number, or none: an element without a phase of its own belongs to
// the phase of those that need it.
type Phase struct {
	Number int
	Exists bool
}

// compare sorts lower numbers first and no phase last.
func (p Phase) compare(other Phase) int {
	switch {
	case p.Exists && other.Exists:
		return cmp.Compare(p.Number, other.Number)
	case p.Exists:
		return -1
	case other.Exists:
		return 1
	}
	return 0
}

// Plan says in which phase each element is, by its place in the order.
type Plan struct {
	Phases []Phase
	// Because is the place of the element by which another one came into an earlier
	// phase than its own. It is that element's place itself if its phase is its own.
	Because []int
}

// NewPlan lowers the phase of each element to the lowest of those that need it.
// eachNeed calls its function with the places of what the element at a place
// needs; these are lower.
func NewPlan(own []Phase, eachNeed func(place int, fn func(needed int))) Plan {
	p := Plan{Phases: slices.Clone(own), Because: make([]int, len(own))}
	for i := range p.Because {
		p.Because[i] = i
	}
	for i := len(own) - 1; i >= 0; i-- {
		eachNeed(i, func(needed int) {
			if p.Phases[i].compare(p.Phases[needed]) < 0 {
				p.Phases[needed], p.Because[needed] = p.Phases[i], p.Because[i]
			}
		})
	}
	return p
}

// Stages returns the places phase by phase, those of one phase in order. Elements
// without a phase are the last stage.
func (p Plan) Stages() [][]int {
	places := make([]int, len(p.Phases))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return p.Phases[a].compare(p.Phases[b]) })
	var stages [][]int
	for from, i := 0, 1; i <= len(places); i++ {
		if i == len(places) || p.Phases[places[i]] != p.Phases[places[from]] {
			stages = append(stages, places[from:i])
			from = i
		}
	}
	return stages
}
