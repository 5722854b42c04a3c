// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"strconv"

	"go.uber.org/dig"
)

// provideAll hands dig, for each bean that the start builds, a constructor of
// the same needs and result, which takes the bean through its life.
//
// Such a constructor never returns an error to dig: dig would run it again for
// every other dependent. It notes the problem and leaves the bean failed; those
// of beans that need it do nothing. So every constructor that can be tried is
// tried, and all failures are reported.
func (m *maker) provideAll() {
	// dig's own graph check would be run for each constructor; ours has been.
	m.dig = dig.New(dig.DeferAcyclicVerification())
	// dig's errors are not shown, so no time is spent on where each wrapper is.
	at := dig.LocationForPC(reflect.ValueOf((*ApplicationContext).Start).Pointer())
	for _, b := range m.graph.order {
		if !b.isEager || b.isInline() {
			continue
		}
		if err := m.provide(b, at); err != nil {
			m.report(refusedByDig(b, err))
		}
	}
}

var noError = reflect.Zero(errorType)

func (m *maker) provide(b *bean, at dig.ProvideOption) error {
	t := m.wrapperType(b)
	hasError := t.NumOut() == 2
	wrapper := reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		v, problem := m.obtain(b, nil, args)
		if problem != nil || !v.IsValid() {
			v = reflect.Zero(b.typ)
		}
		if hasError {
			return []reflect.Value{v, noError}
		}
		return []reflect.Value{v}
	})
	if name := m.digName(b); name != "" {
		return m.dig.Provide(wrapper.Interface(), at, dig.Name(name))
	}
	return m.dig.Provide(wrapper.Interface(), at)
}

// wrapperType is the constructor's own type where dig can pass each argument as
// it is. Else it takes all that the bean needs, and the arguments are made of
// that.
func (m *maker) wrapperType(b *bean) reflect.Type {
	b.isDirect = m.canBeDirect(b)
	if !b.isDirect {
		return reflect.FuncOf(m.parameters(m.digNeeds(b)), []reflect.Type{b.typ}, false)
	}
	fn := b.constructor.Type()
	isSame := b.made == b.typ && !fn.IsVariadic()
	in := make([]reflect.Type, len(b.injections))
	for i := range b.injections {
		in[i] = b.injections[i].beans[0].typ
		isSame = isSame && in[i] == b.injections[i].typ
	}
	if isSame {
		return fn
	}
	return reflect.FuncOf(in, []reflect.Type{b.typ}, false)
}

func (m *maker) canBeDirect(b *bean) bool {
	if b.constructor.Kind() != reflect.Func || b.returns.cleanup || len(b.dependsOn) > 0 {
		return false
	}
	for i := range b.injections {
		in := &b.injections[i]
		if in.kind != injectOne {
			return false
		}
		needed := in.beans[0]
		isAssignable := in.typ == needed.typ || needed.typ.Kind() != reflect.Interface
		if !isAssignable || needed.isInline() || m.digName(needed) != "" {
			return false
		}
	}
	return true
}

// digNeeds returns the beans of dig that must be complete before b is made.
func (m *maker) digNeeds(b *bean) []*bean {
	var needs []*bean
	counted := map[*bean]bool{}
	b.eachNeed(func(n *bean) bool {
		if !n.isInline() && !counted[n] {
			counted[n] = true
			needs = append(needs, n)
		}
		return true
	})
	return needs
}

// digName tells beans of one type apart in dig; the only bean of its type needs
// no name there.
func (m *maker) digName(b *bean) string {
	if len(b.groups) > 0 {
		return b.name
	}
	ofType := m.graph.byType[b.typ].beans
	if len(ofType) == 1 {
		return ""
	}
	for _, other := range ofType {
		if other != b && other.typ == b.typ {
			return b.name
		}
	}
	return ""
}

// parameters is how a list of beans is asked for in dig's terms: a parameter
// for each bean that is the only one of its type, and one dig.In struct for all
// those that need a name.
func (m *maker) parameters(needs []*bean) []reflect.Type {
	types := make([]reflect.Type, 0, len(needs)+1)
	var fields []reflect.StructField
	for _, b := range needs {
		name := m.digName(b)
		if name == "" && len(types) < maxParameters {
			types = append(types, b.typ)
			continue
		}
		if fields == nil {
			fields = []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
		}
		field := reflect.StructField{Name: "Bean" + strconv.Itoa(len(fields)), Type: b.typ}
		if name != "" {
			field.Tag = reflect.StructTag("name:" + strconv.Quote(name))
		}
		fields = append(fields, field)
	}
	if fields != nil {
		types = append(types, reflect.StructOf(fields))
	}
	return types
}

// maxParameters is well below what reflect.FuncOf accepts.
const maxParameters = 64

// resolve lets dig make beans, and all they need, unless they are made already.
func (m *maker) resolve(beans []*bean) {
	for len(beans) > 0 {
		n := min(len(beans), maxParameters)
		m.invoke(beans[:n])
		beans = beans[n:]
	}
}

func (m *maker) invoke(beans []*bean) {
	consumer := reflect.MakeFunc(reflect.FuncOf(m.parameters(beans), nil, false),
		func([]reflect.Value) []reflect.Value { return nil })
	if err := m.dig.Invoke(consumer.Interface()); err != nil {
		m.report(refusedByDig(beans[0], err))
	}
}

// refusedByDig reports what our own checks should have found first.
func refusedByDig(b *bean, err error) *Problem {
	p := &Problem{
		Code: CodeRegistration, Bean: b.name, Err: err,
		What: fmt.Sprintf("%s cannot be wired: %v", b.describe(), dig.RootCause(err)),
	}
	return p.detail("registered", b.where())
}

// stride bounds how deep dig recurses along a long chain: a deep stack has to be
// grown, and looked through by the garbage collector, again and again.
const stride = 32

// targets returns beans that, made in turn, make all that the start builds:
// those that no other needs, and some on the way to them.
func (g *graph) targets() []*bean {
	var targets []*bean
	skipped := 0
	for _, b := range g.order {
		if !b.isEager || b.isInline() {
			continue
		}
		if skipped++; !b.isNeeded || skipped == stride {
			targets = append(targets, b)
			skipped = 0
		}
	}
	return targets
}
