// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/internal/random"
)

// set is the instances that may be chosen, and how. It does not change.
type set struct {
	entries   []entry
	policy    string
	table     []slot         // by weight; nil if all weights are equal
	schedule  []uint32       // of round-robin; nil if all weights are equal
	turn      *atomic.Uint64 // of round-robin
	settings  OutlierDetectionConfig
	returnsAt time.Duration // when an ejection ends: the set must be made anew
}

// never is a time that does not come.
const never time.Duration = math.MaxInt64

// choose returns the entry to go to, which is none of those tried if there is
// another. There is at least one entry.
func (s *set) choose(source random.Source, tried *Tried) (e *entry, isRetried bool) {
	if tried.isEmpty() {
		switch s.policy {
		case RoundRobin:
			return s.next(), false
		case Random:
			return s.draw(source), false
		}
		return better(s.drawTwo(source))
	}
	if s.policy == RoundRobin {
		if e := s.untried(tried, s.next); e != nil {
			return e, false
		}
		return s.next(), false
	}
	draw := func() *entry { return s.draw(source) }
	e = s.untried(tried, draw)
	switch {
	case e == nil && s.policy == Random:
		return s.draw(source), false
	case e == nil:
		return better(s.drawTwo(source))
	case s.policy == Random:
		return e, false
	}
	return better(e, s.untried(tried, draw))
}

// draw draws one entry by weight.
func (s *set) draw(source random.Source) *entry { return s.at(uint32(bits(source) >> 32)) }

// at returns the entry that 32 random bits stand for: they choose a slot of the
// table, and what is left of them whom the slot is for.
func (s *set) at(r uint32) *entry {
	product := uint64(r) * uint64(len(s.entries))
	i := uint32(product >> 32)
	if s.table != nil && uint32(product) >= s.table[i].own {
		i = s.table[i].other
	}
	return &s.entries[i]
}

// drawTwo draws two entries: two different ones if all weights are equal. By weight,
// they may be the same, lest one of little weight is drawn each time that there are
// only two.
func (s *set) drawTwo(source random.Source) (a, b *entry) {
	r := bits(source)
	first, second := uint32(r>>32), uint32(r)
	if s.table != nil {
		return s.at(first), s.at(second)
	}
	n := len(s.entries)
	if n == 1 {
		return &s.entries[0], &s.entries[0]
	}
	i, j := below(n, first), below(n-1, second)
	if j >= i {
		j++
	}
	return &s.entries[i], &s.entries[j]
}

// next returns the entry whose turn it is.
func (s *set) next() *entry {
	turn := s.turn.Add(1)
	if s.schedule != nil {
		return &s.entries[s.schedule[turn%uint64(len(s.schedule))]]
	}
	return &s.entries[turn%uint64(len(s.entries))]
}

// untried returns what draw draws, but none of those tried; nil if there is no other.
func (s *set) untried(tried *Tried, draw func() *entry) *entry {
	const draws = 8
	for range draws {
		if e := draw(); !tried.has(e.address) {
			return e
		}
	}
	// Few are left, or they have little weight: look at all, from where the draw is.
	var first *entry
	from := draw()
	isAfter := false
	for i := range s.entries {
		e := &s.entries[i]
		isAfter = isAfter || e == from
		switch {
		case tried.has(e.address):
		case isAfter:
			return e
		case first == nil:
			first = e
		}
	}
	return first
}

// better returns the better of two entries, the first if they are equal. If it is a
// slow one that is tried all the same, isRetried is true.
func better(a, b *entry) (e *entry, isRetried bool) {
	if a == b {
		return a, false
	}
	latencyA, latencyB := a.latency.average.Load(), b.latency.average.Load()
	if !differ(latencyA, latencyB) {
		if float64(b.inFlight())*a.weight < float64(a.inFlight())*b.weight {
			return b, false
		}
		return a, false
	}
	fast, slow := a, b
	if latencyB < latencyA {
		fast, slow = b, a
	}
	if slow.cost(max(latencyA, latencyB))*fast.weight < fast.cost(min(latencyA, latencyB))*slow.weight {
		return slow, false
	}
	if slow.latency.lose() {
		return slow, true
	}
	return fast, false
}

// cost is how long another request would wait if all took turns, times the weight.
func (e *entry) cost(latency int64) float64 {
	return (float64(e.inFlight()) + e.weight) * float64(latency)
}
