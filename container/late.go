// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"reflect"
	"time"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// workLate makes a lazy bean, a prototype, or a struct of beans, on a goroutine of
// its own: what its constructor starts is known as the context's, who asked for it
// is not ended by runtime.Goexit, and does not wait for ever.
func (m *maker) workLate(i *instance) {
	go func() {
		defer m.enter(i)()
		m.run.label(i.name, "constructor")
		m.work(i)
	}()
	watch := time.NewTimer(m.run.startLimit)
	defer watch.Stop()
	for {
		select {
		case <-i.ended:
			return
		case <-watch.C:
			m.mu.Lock()
			rest := m.rest(i)
			m.mu.Unlock()
			if rest <= 0 {
				m.giveUpLate(i)
				return
			}
			watch.Reset(rest)
		}
	}
}

func (m *maker) giveUpLate(i *instance) {
	where := m.run.standsAt(i.name, "constructor")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.giveUp(i, tooLong(i.node, i.at(m.run.elapsed()), where))
}

// startLate starts a lazy bean if the other beans are started.
func (m *maker) startLate(i *instance) *Problem {
	if i.isEager || i.scope == ScopePrototype || i.isGivenUp.Load() || !m.startsNow(i) {
		return nil
	}
	return m.unwatched(i, func() *Problem { return m.run.startBean(m.run.life, i) })
}

// startsNow reports whether the other beans have been started. If not, the bean
// will be when they are.
func (m *maker) startsNow(i *instance) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isStarted {
		m.late = append(m.late, i)
	}
	return m.isStarted
}

// takeLate returns the next bean that was built during the start, or nil when
// there is none: from then on they are started as they are built.
func (m *maker) takeLate() *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.late) == 0 {
		m.isStarted = true
		return nil
	}
	i := m.late[0]
	m.late = m.late[1:]
	return i
}

// discard ends a bean that nobody has received. Its object is stopped and destroyed
// unless it is another bean as well.
func (m *maker) discard(i *instance) {
	s := &stopping{run: m.run, ctx: context.WithoutCancel(m.run.life)}
	_ = m.unwatched(i, func() *Problem {
		if i.isBorrowed || !m.leave(i) {
			s.stopOptions(i)
			s.cleanUp(i)
			return nil
		}
		i.first = i
		if i.isStarted.Load() {
			s.stop(i)
		}
		if i.isOut() && i.original != nil {
			s.destroyFields(i)
		}
		s.destroy(i)
		return nil
	})
	for _, p := range s.problems {
		m.run.app.guarded.Error("a bean did not stop cleanly", "bean", i.name, "error", p)
	}
}

// destroyFields calls PreDestroy of the objects that a dig.Out struct holds, none of
// which has become a bean.
func (s *stopping) destroyFields(i *instance) {
	out := reflect.ValueOf(i.original)
	called := map[identity]bool{}
	for place := range out.NumField() {
		if !out.Type().Field(place).IsExported() || !out.Field(place).CanInterface() {
			continue
		}
		destroyer, ok := out.Field(place).Interface().(lifecycle.PreDestroyer)
		id, hasIdentity := identityOf(destroyer)
		if !ok || isNil(reflect.ValueOf(destroyer)) || called[id] || s.run.maker.isBean(id) {
			continue
		}
		called[id] = hasIdentity
		s.note(s.run.callHook(s.ctx, i, "PreDestroy", s.run.stopLimit, destroyer.PreDestroy))
	}
}

// isBean reports whether an object is known as a bean.
func (m *maker) isBean(id identity) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lives[id] != nil
}

// tellGivenUp logs what has come of an instance that had been given up.
func (m *maker) tellGivenUp(i *instance, problem *Problem) {
	args := []any{"bean", i.name, "took", (m.run.elapsed() - i.begun).Round(time.Millisecond)}
	if problem != nil && problem.Err != errNeedFailed {
		args = append(args, "error", problem)
	}
	m.run.app.guarded.Error("a bean was made after it had been given up: it has been discarded", args...)
}
