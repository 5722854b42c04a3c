// SPDX-License-Identifier: Apache-2.0

// Package chain finds how it comes that something is needed.
package chain

import "slices"

// Forest knows the shortest chain to each element of a graph from the nearest of
// some roots. Its elements are the numbers from 0.
type Forest struct{ places []place }

// place is where an element is in its chain.
type place struct {
	root, before int // before is the root itself for a root
	length       int // of the chain; 0: no root needs the element
}

// Needs calls fn with each element that the given one needs.
type Needs func(element int, fn func(needed int))

// NewForest follows the needs of roots, and theirs, in a graph of n elements. It
// takes a time proportional to what it follows. Of two roots, or needs, that are
// equally near the first one counts.
func NewForest(n int, roots []int, needs Needs) Forest {
	f := Forest{make([]place, n)}
	queue := make([]int, 0, n)
	reach := func(element int, p place) {
		if f.places[element].length == 0 {
			f.places[element] = p
			queue = append(queue, element)
		}
	}
	for _, root := range roots {
		reach(root, place{root, root, 1})
	}
	for i := 0; i < len(queue); i++ {
		from := queue[i]
		p := f.places[from]
		needs(from, func(needed int) { reach(needed, place{p.root, from, p.length + 1}) })
	}
	return f
}

// Roots returns the elements that no other element needs.
func Roots(n int, needs Needs) (roots []int) {
	isNeeded := make([]bool, n)
	for element := range n {
		needs(element, func(needed int) {
			if needed != element {
				isNeeded[needed] = true
			}
		})
	}
	for element, is := range isNeeded {
		if !is {
			roots = append(roots, element)
		}
	}
	return roots
}

// To returns the chain from a root to an element, both included. It is nil if no
// root needs the element. Of a chain of more than most elements it returns the
// root and the last ones, and how many it leaves out between them.
func (f Forest) To(element, most int) (chain []int, leftOut int) {
	p := f.places[element]
	leftOut = max(0, p.length-max(most, 2))
	for element != p.root && len(chain) < p.length-leftOut-1 {
		chain = append(chain, element)
		element = f.places[element].before
	}
	if p.length > 0 {
		chain = append(chain, p.root)
	}
	slices.Reverse(chain)
	return chain, leftOut
}
