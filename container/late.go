// SPDX-License-Identifier: Apache-2.0

package container

import "context"

// liveLate makes a lazy bean, or a struct of beans, on a goroutine of its own,
// so that what its constructor starts is known as the context's, and that who
// asked for it is not ended by runtime.Goexit.
func (m *maker) liveLate(b *bean) *Problem {
	result := make(chan *Problem, 1)
	go func() {
		problem := constructorFailed(b, errGoexit)
		defer func() { result <- problem }()
		m.run.label(b.name, "constructor")
		problem = m.settleLate(b, m.live(b))
	}()
	return <-result
}

// settleLate takes a lazy bean, which has been built with the given result, on
// to where the context is: it is started if the others are. One that fails is
// destroyed, and can be built anew.
func (m *maker) settleLate(b *bean, problem *Problem) *Problem {
	if problem == nil && m.startsNow(b) {
		problem = m.run.startBean(m.run.life, b)
	}
	if problem != nil && b.original != nil {
		m.discard(b)
	}
	return problem
}

// startsNow reports whether the other beans have been started. If not, the bean
// will be when they are.
func (m *maker) startsNow(b *bean) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isStarted {
		m.late = append(m.late, b)
	}
	return m.isStarted
}

// takeLate returns the next bean that was built during the start, or nil when
// there is none: from then on they are started as they are built.
func (m *maker) takeLate() *bean {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.late) == 0 {
		m.isStarted = true
		return nil
	}
	b := m.late[0]
	m.late = m.late[1:]
	return b
}

// discard ends a lazy bean that could not be made whole.
func (m *maker) discard(b *bean) {
	s := &stopping{run: m.run, ctx: context.WithoutCancel(m.run.life)}
	if b.isStarted {
		s.stop(b)
	}
	if hasDestruction(b) {
		s.destroy(b)
	}
	for _, p := range s.problems {
		m.run.app.logger.Error("a bean did not stop well", "bean", b.name, "error", p)
	}
	b.cleanup, b.isStarted, b.hasRunOnStart, b.isHanging = nil, false, false, false
}
