// SPDX-License-Identifier: Apache-2.0

// Package schedule runs work side by side as far as its order allows.
package schedule

import "container/heap"

// Schedule runs work for the elements of a list, which are known by their place in
// it: for each element after those that it comes after, and side by side for those
// that do not depend on each other.
type Schedule struct {
	// Limit is how much long work runs side by side.
	Limit int
	// IsLong reports whether the work for an element may take its time. It gets a
	// goroutine then.
	IsLong func(place int) bool
	// MayBegin is asked before each work; after a false no further work begins. Nil
	// means true.
	MayBegin func() bool
	Work     func(place int)

	// By turn: an element's place, or, in reverse, its place from the end.
	pending   []int // how many others an element still waits for
	followers [][]int
	isReverse bool
}

// New makes a schedule for n elements. eachBefore calls fn with the places of what
// an element comes after; these are lower than its own.
func New(n int, eachBefore func(place int, fn func(before int))) *Schedule {
	s := &Schedule{pending: make([]int, n), followers: make([][]int, n)}
	for place := range n {
		eachBefore(place, func(before int) { s.follow(place, before) })
	}
	return s
}

// NewReverse makes a schedule in which each element comes before those that it
// would come after in one of [New].
func NewReverse(n int, eachBefore func(place int, fn func(before int))) *Schedule {
	s := &Schedule{pending: make([]int, n), followers: make([][]int, n), isReverse: true}
	for place := range n {
		eachBefore(place, func(after int) { s.follow(s.turn(after), s.turn(place)) })
	}
	return s
}

func (s *Schedule) follow(turn, before int) {
	s.followers[before] = append(s.followers[before], turn)
	s.pending[turn]++
}

// turn is the turn of an element, or the element of a turn.
func (s *Schedule) turn(place int) int {
	if s.isReverse {
		return len(s.pending) - 1 - place
	}
	return place
}

// Run returns when all work that was begun has ended. What comes first in the list,
// or last in reverse, is begun first.
func (s *Schedule) Run() {
	ready := &turns{}
	for turn, n := range s.pending {
		if n == 0 {
			heap.Push(ready, turn)
		}
	}
	done := make(chan int)
	running := 0
	for {
		for ready.Len() > 0 && (running < s.Limit || !s.IsLong(s.turn((*ready)[0]))) && (s.MayBegin == nil || s.MayBegin()) {
			turn := heap.Pop(ready).(int)
			if place := s.turn(turn); s.IsLong(place) {
				running++
				go func() { s.Work(place); done <- turn }()
				continue
			}
			s.Work(s.turn(turn))
			s.release(turn, ready)
		}
		if running == 0 {
			return
		}
		turn := <-done
		running--
		s.release(turn, ready)
	}
}

// release lets those go on that have waited for the last.
func (s *Schedule) release(turn int, ready *turns) {
	for _, follower := range s.followers[turn] {
		if s.pending[follower]--; s.pending[follower] == 0 {
			heap.Push(ready, follower)
		}
	}
}

// turns is a heap.
type turns []int

func (p turns) Len() int           { return len(p) }
func (p turns) Less(i, j int) bool { return p[i] < p[j] }
func (p turns) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *turns) Push(x any)        { *p = append(*p, x.(int)) }
func (p *turns) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
