// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
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
	problem := m.live(b)
	if !b.isEager {
		problem = m.settleLate(b, problem)
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
	var cause *Problem
	if errors.As(p.Err, &cause) && slices.Contains(m.problems, cause) {
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

// arguments assembles what the constructor is called with.
func (m *maker) arguments(b *bean) ([]reflect.Value, *Problem) {
	if len(b.dependsOn) > 0 {
		for _, needed := range b.needs {
			if needed.scope == prototype {
				continue
			}
			if _, problem := m.obtain(needed, b); problem != nil {
				return nil, problem
			}
		}
	}
	args := make([]reflect.Value, len(b.injections))
	for i := range b.injections {
		v, problem := m.assemble(&b.injections[i], b)
		if problem != nil {
			return nil, problem
		}
		args[i] = v
	}
	return args, nil
}

// assemble makes one argument for owner of the beans it consists of.
func (m *maker) assemble(in *injection, owner *bean) (reflect.Value, *Problem) {
	switch in.kind {
	case injectOne:
		return m.obtain(in.beans[0], owner)
	case injectProvider:
		return m.provider(in.typ, in.target, owner), nil
	case injectFields:
		return m.assembleFields(in, owner)
	case injectSlice:
		return m.assembleSlice(in, owner)
	case injectMap:
		return m.assembleMap(in, owner)
	}
	return reflect.Zero(in.typ), nil
}

func (m *maker) assembleFields(in *injection, owner *bean) (reflect.Value, *Problem) {
	object := reflect.New(in.typ).Elem()
	for i := range in.fields {
		f := &in.fields[i]
		v, problem := m.assemble(&f.injection, owner)
		if problem != nil {
			return v, problem
		}
		object.Field(f.index).Set(v)
	}
	return object, nil
}

func (m *maker) assembleSlice(in *injection, owner *bean) (reflect.Value, *Problem) {
	list := reflect.MakeSlice(in.typ, 0, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.obtain(b, owner)
		if problem != nil {
			return v, problem
		}
		if b.isFlattened {
			for i := range v.Len() {
				list = reflect.Append(list, v.Index(i))
			}
			continue
		}
		list = reflect.Append(list, v)
	}
	return list, nil
}

func (m *maker) assembleMap(in *injection, owner *bean) (reflect.Value, *Problem) {
	table := reflect.MakeMapWithSize(in.typ, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.obtain(b, owner)
		if problem != nil {
			return v, problem
		}
		table.SetMapIndex(reflect.ValueOf(b.name).Convert(in.typ.Key()), v)
	}
	return table, nil
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

func notMade(b *bean, why string) *Problem {
	p := &Problem{Code: CodeConstructor, Bean: b.name, Err: errNeedFailed, What: fmt.Sprintf("%s cannot be had: %s", b.name, why)}
	return p.detail("bean", b.describe())
}

func stoppedProblem(b *bean) *Problem {
	return &Problem{
		Code: CodeCancelled, Bean: b.name, Err: ErrNotStarted,
		What: fmt.Sprintf("%s cannot be made any more: the application context is stopping", b.name),
	}
}

// call runs the user's constructor.
func (b *bean) call(args []reflect.Value) (problem *Problem) {
	if b.constructor.Kind() != reflect.Func {
		b.original = b.instance
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			problem = constructorPanicked(b, kernel.NewPanicError(r))
		}
	}()
	out := b.constructor.Call(args)
	if last := out[len(out)-1]; b.returns.err && !last.IsNil() {
		return constructorFailed(b, last.Interface().(error))
	}
	if isNil(out[0]) {
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

// errNeedFailed marks what is only the consequence of another problem.
var errNeedFailed = errors.New("it could not be built")

var errReturnedNil = errors.New("it returned nil and no error")

func constructorFailed(b *bean, err error) *Problem {
	p := &Problem{
		Code: CodeConstructor, Bean: b.name, Err: err,
		What: fmt.Sprintf("the constructor of %s failed: %v", b.name, err),
	}
	return p.detail("constructor", b.label()).detail("registered", b.where())
}

func constructorPanicked(b *bean, err *kernel.PanicError) *Problem {
	p := &Problem{
		Code: CodePanic, Bean: b.name, Err: err,
		What:   fmt.Sprintf("the constructor of %s panicked: %v", b.name, err.Value),
		Remedy: "return an error instead: func(...) (T, error)",
	}
	return p.detail("constructor", b.label()).detail("registered", b.where()).detail("at", framesText(err))
}

func framesText(err *kernel.PanicError) string {
	text := ""
	for i, frame := range err.Frames {
		if i == 5 {
			break
		}
		if i > 0 {
			text += "\n"
		}
		text += frame
	}
	return text
}
