// SPDX-License-Identifier: Apache-2.0

// Package order sorts the elements of a graph so that what an element needs comes
// before it.
package order

import "slices"

// Graph is what is sorted. Its elements are the numbers from 0 to N-1.
type Graph struct {
	N int
	// Needs calls fn with each element that must come before the given one.
	Needs func(element int, fn func(needed int))
	// Wants calls fn with each element that comes before the given one unless that
	// would close a circle. It may be nil.
	Wants func(element int, fn func(wanted int))
	// Groups are sorted one after the other. What an element of a group needs or
	// wants belongs to the same group, if no earlier one has it. Together the groups
	// hold all elements.
	Groups [][]int
	// Follows reports whether what elements of a group want is placed with them.
	Follows func(group, wanted int) bool
}

// Order is a sorted graph.
type Order struct {
	Elements []int
	Groups   []int   // by element
	Circles  [][]int // elements each of which needs the next, and the last one the first
}

// Sort sorts a graph. Elements of a group that do not depend on each other stay in
// the order of the group. Of a graph with circles only these are worth something.
func Sort(g Graph) Order {
	w := newWalk(&g, false)
	w.all()
	if g.Wants == nil || len(w.order.Circles) > 0 {
		return w.order
	}
	w = newWalk(&g, true)
	w.all()
	return w.order
}

type visit int8

const (
	unseen visit = iota
	onPath
	visited
)

type walk struct {
	*Graph
	order     Order
	visits    []visit
	path      []int // from where the walk began
	group     int
	withWants bool

	placeNeed, placeWant func(element int) // place and placeWanted, made once

	round int   // of a search
	seen  []int // in which round, by element
}

func newWalk(g *Graph, withWants bool) *walk {
	w := &walk{
		Graph: g, withWants: withWants, visits: make([]visit, g.N),
		order: Order{Elements: make([]int, 0, g.N), Groups: make([]int, g.N)},
	}
	w.placeNeed, w.placeWant = w.place, w.placeWanted
	return w
}

func (w *walk) all() {
	for i, elements := range w.Graph.Groups {
		w.group = i
		for _, element := range elements {
			w.place(element)
		}
	}
}

// place places an element after what it needs.
func (w *walk) place(element int) {
	switch w.visits[element] {
	case visited:
		return
	case onPath:
		w.order.Circles = append(w.order.Circles, slices.Clone(w.path[slices.Index(w.path, element):]))
		return
	}
	w.visits[element] = onPath
	w.order.Groups[element] = w.group
	w.path = append(w.path, element)
	w.Needs(element, w.placeNeed)
	if w.withWants {
		w.Wants(element, w.placeWant)
	}
	w.path = w.path[:len(w.path)-1]
	w.visits[element] = visited
	w.order.Elements = append(w.order.Elements, element)
}

// placeWanted places an element unless it needs one of those that are being placed.
func (w *walk) placeWanted(element int) {
	if w.visits[element] != unseen || !w.Follows(w.group, element) {
		return
	}
	if w.seen == nil {
		w.seen = make([]int, w.N)
	}
	w.round++
	if !w.reachesPath(element) {
		w.place(element)
	}
}

func (w *walk) reachesPath(element int) (reaches bool) {
	if w.visits[element] == onPath {
		return true
	}
	if w.visits[element] == visited || w.seen[element] == w.round {
		return false
	}
	w.seen[element] = w.round
	w.Needs(element, func(needed int) { reaches = reaches || w.reachesPath(needed) })
	return reaches
}
