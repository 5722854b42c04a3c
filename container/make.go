// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"
	"slices"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// obtain returns a bean's value and makes the bean if need be; whoever comes
// while it is being made waits. asker is the bean on whose behalf it is wanted,
// if there is one.
func (m *maker) obtain(b, asker *bean) (reflect.Value, *Problem) {
	if b.scope == prototype {
		return m.newPrototype(b, asker)
	}
	m.mu.Lock()
	for {
		switch b.state {
		case complete:
			m.mu.Unlock()
			return b.value, nil
		case failed:
			m.mu.Unlock()
			return reflect.Value{}, notMade(b, "it has failed to start")
		case inCreation:
			if way := b.wayTo(asker); way != nil {
				m.mu.Unlock()
				return reflect.Value{}, circleAtRunTime(way)
			}
			if problem := m.await(b, asker); problem != nil {
				m.mu.Unlock()
				return reflect.Value{}, problem
			}
		case unbuilt:
			if m.isClosed {
				m.mu.Unlock()
				return reflect.Value{}, stoppedProblem(b)
			}
			m.begin(b)
			asker.waitFor(b)
			m.mu.Unlock()
			return m.make(b, asker)
		}
	}
}

// make takes a bean that is in creation through its life.
func (m *maker) make(b, asker *bean) (reflect.Value, *Problem) {
	var problem *Problem
	if b.isEager {
		problem = m.live(b)
	} else {
		problem = m.liveLate(b)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finish()
	asker.waitNoMore(b)
	switch {
	case problem == nil:
		b.state = complete
	case b.isEager, b.isOut() && !m.isStarted:
		b.state = failed
		m.note(problem)
	default:
		b.state, b.value, b.object, b.original = unbuilt, reflect.Value{}, nil, nil
	}
	if b.ended != nil {
		close(b.ended)
		b.ended = nil
	}
	return b.value, problem
}

// note adds a problem to the report, unless it is there or follows from one
// that is.
func (m *maker) note(p *Problem) {
	if p == nil || p.Err == errNeedFailed || slices.Contains(m.problems, p) {
		return
	}
	if cause, ok := usercode.As[*Problem](p.Err); ok && slices.Contains(m.problems, cause) {
		return
	}
	m.problems = append(m.problems, p)
}

// live calls a bean's constructor and initialises what it returned.
func (m *maker) live(b *bean) *Problem {
	if b.isEager && m.ctx.Err() != nil {
		m.reportOnce(m.run.cancelled(m.ctx))
		return notMade(b, "the start was cancelled")
	}
	args, problem := m.arguments(b)
	if problem == nil {
		problem = b.call(args)
	}
	if problem == nil {
		problem = m.initialise(b)
	}
	b.took = m.run.elapsed() - b.begun
	return problem
}

// newPrototype makes one more of a prototype.
func (m *maker) newPrototype(b, asker *bean) (reflect.Value, *Problem) {
	one := &bean{
		definition: b.definition, injections: b.injections, needs: b.needs, demands: b.demands, asker: asker,
	}
	m.mu.Lock()
	if m.isClosed {
		m.mu.Unlock()
		return reflect.Value{}, stoppedProblem(b)
	}
	if way := asker.wayFrom(b.definition); way != nil {
		m.mu.Unlock()
		return reflect.Value{}, circleAtRunTime(way)
	}
	m.begin(one)
	asker.waitFor(one)
	m.mu.Unlock()

	problem := m.live(one)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.finish()
	asker.waitNoMore(one)
	one.state = complete
	return one.value, problem
}

// call runs the user's constructor.
func (b *bean) call(args []reflect.Value) *Problem {
	if b.constructor.Kind() != reflect.Func {
		b.original = b.instance
		return nil
	}
	var out []reflect.Value
	err := usercode.Call(func() error {
		out = b.constructor.Call(args)
		if last := out[len(out)-1]; b.returns.err && !last.IsNil() {
			return last.Interface().(error)
		}
		return nil
	})
	switch {
	case err != nil && out == nil:
		return constructorPanicked(b, err)
	case err != nil:
		return constructorFailed(b, err)
	case isNil(out[0]):
		p := constructorFailed(b, errReturnedNil)
		p.Remedy = "return the bean, or an error that says why there is none"
		return p
	}
	b.original = out[0].Interface()
	if b.returns.cleanup && !out[1].IsNil() {
		b.cleanup = cleanupOf(out[1].Interface())
	}
	return nil
}

func cleanupOf(fn any) func() error {
	switch fn := fn.(type) {
	case func() error:
		return fn
	case func():
		return func() error { fn(); return nil }
	}
	return nil
}
