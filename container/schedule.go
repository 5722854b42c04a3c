// SPDX-License-Identifier: Apache-2.0

package container

import "container/heap"

// schedule runs work for beans that are in order, each after all those that it
// must come after, and what does not depend on each other side by side.
type schedule struct {
	beans []*bean
	// pending counts, by the bean's place, those that it still waits for.
	pending   []int
	followers [][]int
	limit     int // of what runs side by side
	// isLong reports whether work may take its time, and so gets a goroutine.
	isLong func(*bean) bool
	// mayBegin is asked before each.
	mayBegin func() bool
	work     func(*bean)
}

// newSchedule lets every bean come after its predecessors, or, in reverse, after
// those whose predecessor it is. Predecessors that are not among the beans are
// taken as done.
func newSchedule(beans []*bean, isReverse bool) *schedule {
	s := &schedule{beans: beans, pending: make([]int, len(beans)), followers: make([][]int, len(beans))}
	place := make(map[*bean]int, len(beans))
	for i, b := range beans {
		place[b] = i
	}
	for i, b := range beans {
		b.eachPredecessor(func(p *bean) {
			j, ok := place[p]
			if !ok {
				return
			}
			before, after := j, i
			if isReverse {
				before, after = i, j
			}
			s.followers[before] = append(s.followers[before], after)
			s.pending[after]++
		})
	}
	return s
}

// eachPredecessor calls fn with what must be started before b and stopped after
// it: what it needs, and what it may get through a Provider if that comes
// before it in the order.
func (b *bean) eachPredecessor(fn func(*bean)) {
	b.eachNeed(fn)
	for _, wanted := range b.wants {
		if wanted.position < b.position && wanted.scope != prototype {
			fn(wanted)
		}
	}
}

// run returns when all work that was begun has ended.
func (s *schedule) run() {
	ready := &placeHeap{}
	for i, n := range s.pending {
		if n == 0 {
			heap.Push(ready, i)
		}
	}
	done := make(chan int)
	running := 0
	for {
		for ready.Len() > 0 && (running < s.limit || !s.isLong(s.beans[(*ready)[0]])) && s.mayBegin() {
			i := heap.Pop(ready).(int)
			if b := s.beans[i]; s.isLong(b) {
				running++
				go func() { s.work(b); done <- i }()
				continue
			}
			s.work(s.beans[i])
			s.release(i, ready)
		}
		if running == 0 {
			return
		}
		i := <-done
		running--
		s.release(i, ready)
	}
}

// release lets those go on that have waited for the last.
func (s *schedule) release(i int, ready *placeHeap) {
	for _, follower := range s.followers[i] {
		if s.pending[follower]--; s.pending[follower] == 0 {
			heap.Push(ready, follower)
		}
	}
}

// placeHeap is a heap: what comes first in order is begun first.
type placeHeap []int

func (p placeHeap) Len() int           { return len(p) }
func (p placeHeap) Less(i, j int) bool { return p[i] < p[j] }
func (p placeHeap) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *placeHeap) Push(x any)        { *p = append(*p, x.(int)) }
func (p *placeHeap) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
