// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"

	"github.com/pyfly-go/pyfly/internal/goroutines"
)

// await waits until the making of an instance has ended. It is called with the
// lock held, and returns without it.
func (m *maker) await(i, asker *instance) (*instance, *Problem) {
	if way := i.wayTo(asker); way != nil {
		m.mu.Unlock()
		return nil, circleAtRunTime(way)
	}
	if i.ended == nil {
		i.ended = make(chan struct{})
	}
	asker.waitFor(i, m.run.elapsed())
	m.mu.Unlock()
	hasEnded := true
	select {
	case <-i.ended:
	case <-m.run.life.Done():
		hasEnded = false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	asker.waitNoMore(i, m.run.elapsed())
	if !hasEnded {
		return nil, stoppedProblem(i.node)
	}
	return i, i.problem
}

// askerOf returns the instance on whose behalf something is wanted: of those that
// are being made, the one that the calling goroutine makes. It is called with the
// lock held.
func (m *maker) askerOf(asker *instance) *instance {
	if asker != nil && asker.isGoing || len(m.workers) == 0 {
		return asker
	}
	if i := m.workers[goroutines.Number()]; i != nil {
		return i
	}
	return asker
}

// enter notes that the calling goroutine makes i, until the returned function is
// called.
func (m *maker) enter(i *instance) (leave func()) {
	number := goroutines.Number()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.workers[number] = i
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.workers, number)
	}
}

// entering lets a hook of an instance that is made later be known as part of its
// making.
func (m *maker) entering(i *instance, fn func(context.Context) error) func(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i.isEager || !i.isGoing {
		return fn
	}
	return func(ctx context.Context) error {
		defer m.enter(i)()
		return fn(ctx)
	}
}

// circleAtRunTime says that the last of the way has asked for the first.
func circleAtRunTime(way []*instance) *Problem {
	names := ""
	for _, i := range way {
		names += i.name + " -> "
	}
	p := &Problem{
		Code: CodeCycle, Bean: way[0].name,
		What:   "beans wait for each other in a cycle: " + names + way[0].name,
		Remedy: "get from the Provider after construction: in Start, or when the bean is used",
	}
	for _, i := range way {
		p.detail("bean", i.describe())
	}
	return p
}
