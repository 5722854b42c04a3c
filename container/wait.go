// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"slices"
	"time"
)

// wayFrom returns the beans by which one of d that is being made has come to
// need b, or nil: making another would never end.
func (b *bean) wayFrom(d *definition) (way []*bean) {
	for ; b != nil && b.state == inCreation; b = b.asker {
		way = append([]*bean{b}, way...)
		if b.definition == d {
			return way
		}
	}
	return nil
}

// await waits until the creation of b under way has ended. It is called, and
// returns, with the lock held.
func (m *maker) await(b, asker *bean) *Problem {
	if b.ended == nil {
		b.ended = make(chan struct{})
	}
	ended := b.ended
	asker.waitFor(b)
	m.mu.Unlock()
	limit := time.NewTimer(m.run.startLimit)
	defer limit.Stop()
	var problem *Problem
	select {
	case <-ended:
	case <-m.run.life.Done():
		problem = stoppedProblem(b)
	case <-limit.C:
		problem = notMade(b, fmt.Sprintf("it is still being made after %s; does it, by app or through another goroutine, wait for itself?", m.run.startLimit))
	}
	m.mu.Lock()
	asker.waitNoMore(b)
	return problem
}

func (b *bean) waitFor(other *bean) {
	if b != nil {
		b.waitsFor = append(b.waitsFor, other)
	}
}

func (b *bean) waitNoMore(other *bean) {
	if b == nil {
		return
	}
	if i := slices.Index(b.waitsFor, other); i >= 0 {
		b.waitsFor = slices.Delete(b.waitsFor, i, i+1)
	}
}

// wayTo returns the beans by which b waits for other, both included, or nil. No
// bean waits for itself, for none is let.
func (b *bean) wayTo(other *bean) []*bean {
	if b == other {
		return []*bean{b}
	}
	for _, next := range b.waitsFor {
		if way := next.wayTo(other); way != nil {
			return append([]*bean{b}, way...)
		}
	}
	return nil
}

// circleAtRunTime says that the last of the way has asked for the first.
func circleAtRunTime(way []*bean) *Problem {
	names := ""
	for _, b := range way {
		names += b.name + " -> "
	}
	p := &Problem{
		Code: CodeCycle, Bean: way[0].name,
		What:   "beans wait for each other in a circle: " + names + way[0].name,
		Remedy: "get from the Provider after construction: in Start, or when the bean is used",
	}
	for _, b := range way {
		p.detail("bean", b.describe())
	}
	return p
}
