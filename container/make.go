// SPDX-License-Identifier: Apache-2.0

package container

import (
	"slices"
	"time"
)

// obtain returns the instance of a node, and makes it if need be; whoever comes
// while it is being made waits, and gets what comes of it. A prototype is made
// anew. asker is the instance on whose behalf it is wanted, if there is one.
func (m *maker) obtain(n *node, asker *instance) (*instance, *Problem) {
	m.mu.Lock()
	s := &m.slots[n.position]
	switch s.state {
	case complete:
		i := s.instance
		m.mu.Unlock()
		return i, nil
	case failed:
		m.mu.Unlock()
		return nil, notMade(n, "it has failed to start")
	case inCreation:
		return m.await(s.instance, m.askerOf(asker))
	}
	asker = m.askerOf(asker)
	if m.isClosed {
		m.mu.Unlock()
		return nil, stoppedProblem(n)
	}
	if n.scope == ScopePrototype {
		if way := asker.wayFrom(n.definition); way != nil {
			m.mu.Unlock()
			return nil, circleAtRunTime(way)
		}
	}
	i := m.begin(n, asker)
	m.mu.Unlock()
	if i.isEager {
		m.work(i)
	} else {
		m.workLate(i)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if n.scope == ScopePrototype && asker != nil && asker.isGoing {
		asker.given = append(asker.given, i)
	}
	return i, i.problem
}

// begin begins to make an instance. It is called with the lock held.
func (m *maker) begin(n *node, asker *instance) *instance {
	s := &m.slots[n.position]
	i := s.spare
	if s.spare = nil; i == nil {
		i = &instance{node: n}
	}
	now := m.run.elapsed()
	i.isGoing, i.asker, i.begun, i.since = true, asker, now, now
	i.life, i.place = &i.own, len(m.going)
	m.going = append(m.going, i)
	asker.waitFor(i, now)
	if n.scope != ScopePrototype {
		s.state, s.instance = inCreation, i
	}
	if !i.isEager {
		i.ended = make(chan struct{})
	}
	return i
}

// conclude ends the making of an instance, with its problem, if there is one. It
// is called with the lock held.
func (m *maker) conclude(i *instance, problem *Problem) {
	i.isGoing, i.problem, i.given = false, problem, nil
	last := len(m.going) - 1
	m.going[i.place] = m.going[last]
	m.going[i.place].place = i.place
	m.going[last] = nil
	m.going = m.going[:last]
	if m.isClosed && last == 0 {
		close(m.idle)
	}
	if i.asker != nil {
		i.asker.waitNoMore(i, m.run.elapsed())
	}
	m.settle(i, problem)
	if i.ended != nil {
		close(i.ended)
	}
}

// settle notes in an instance's slot what has come of it.
func (m *maker) settle(i *instance, problem *Problem) {
	s := &m.slots[i.position]
	switch {
	case i.scope == ScopePrototype:
	case problem == nil:
		s.state = complete
	case i.isEager, i.isOut() && !m.isStarted:
		s.state = failed
		if i.isGivenUp.Load() {
			s.instance = nil
		}
		m.note(problem)
	default: // the next to ask tries again
		s.state, s.instance = unbuilt, nil
	}
}

// work makes an instance that has been begun, from the call of its constructor to
// the moment when others may have it.
func (m *maker) work(i *instance) {
	var problem *Problem
	hasReturned := false
	defer func() {
		if !hasReturned {
			problem = i.exited()
		}
		m.end(i, problem)
	}()
	problem = m.live(i)
	hasReturned = true
}

// end hands out what has been made, or discards it: if something went wrong later
// than the start, and if it has been given up.
func (m *maker) end(i *instance, problem *Problem) {
	isDiscarded := problem != nil && !i.isEager && i.original != nil
	if isDiscarded {
		m.discard(i)
	}
	m.mu.Lock()
	if !i.isGivenUp.Load() {
		m.conclude(i, problem)
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	if !isDiscarded && i.original != nil {
		m.discard(i)
	}
	m.tellGivenUp(i, problem)
}

// giveUp ends the waiting for an instance the making of which goes on: whatever
// comes of it will be discarded. It is called with the lock held.
func (m *maker) giveUp(i *instance, problem *Problem) {
	if i.isGoing {
		i.isGivenUp.Store(true)
		m.conclude(i, problem)
	}
}

// giveUpAll gives up what is still being made, and says where it stands.
func (m *maker) giveUpAll() (problems []*Problem) {
	m.mu.Lock()
	going := slices.Clone(m.going)
	m.mu.Unlock()
	for n, i := range going {
		where := ""
		if n < maxListed { // to look for a goroutine takes time
			where = m.run.standsAt(i.name, "constructor")
		}
		m.mu.Lock()
		if i.isGoing {
			p := tooLong(i.node, m.run.elapsed()-i.begun, where)
			problems = append(problems, p)
			m.giveUp(i, p)
		}
		m.mu.Unlock()
	}
	return problems
}

// rest is how much longer an instance may be worked on. It is called with the lock
// held.
func (m *maker) rest(i *instance) time.Duration {
	return m.run.startLimit - i.at(m.run.elapsed())
}

// unwatched calls fn, which has a limit of its own, while the stopwatch of i stands
// still.
func (m *maker) unwatched(i *instance, fn func() *Problem) *Problem {
	m.mu.Lock()
	i.pause(m.run.elapsed())
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		i.resume(m.run.elapsed())
		m.mu.Unlock()
	}()
	return fn()
}
