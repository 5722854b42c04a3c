// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"

	"go.uber.org/dig"
)

// provideAll hands dig constructors of the beans that the start builds. Each
// makes a few that follow one another in order, and takes what they need of
// others: dig's work on a constructor is many times that on one more result of
// it.
//
// Such a constructor never returns an error to dig: dig would run it again for
// every other dependent. It notes the problem and leaves the bean failed; those
// that need it are not tried. So every constructor that can be tried is tried,
// and all failures are reported.
func (m *maker) provideAll() {
	// dig's own graph check would be run for each constructor; ours has been.
	m.dig = dig.New(dig.DeferAcyclicVerification())
	// dig's errors are not shown, so no time is spent on where each wrapper is.
	at := dig.LocationForPC(reflect.ValueOf((*ApplicationContext).Start).Pointer())
	for portion := range m.graph.portions() {
		if err := m.provide(portion, at); err != nil {
			m.report(rejectedByDig(portion[0], err))
		}
		m.heads = append(m.heads, portion[0])
	}
}

// portionSize is how many beans a constructor that dig gets makes at most.
const portionSize = 32

// portions divides the beans that the start builds, in order. A processor is the
// last of its portion, for the beans after it are to be seen by it; a bean that
// needs a name in dig, which a result cannot have, is alone.
func (g *graph) portions() iter.Seq[[]*node] {
	return func(yield func([]*node) bool) {
		var portion []*node
		flush := func() bool {
			full := portion
			portion = nil
			return len(full) == 0 || yield(full)
		}
		for _, b := range g.order {
			if !b.isEager {
				continue
			}
			isAlone := g.digName(b) != ""
			if isAlone && !flush() {
				return
			}
			portion = append(portion, b)
			if (isAlone || b.isProcessor || len(portion) == portionSize) && !flush() {
				return
			}
		}
		flush()
	}
}

func (m *maker) provide(portion []*node, at dig.ProvideOption) error {
	out := make([]reflect.Type, len(portion))
	for i, b := range portion {
		out[i] = b.typ
	}
	t := reflect.FuncOf(m.parameters(needsOf(portion)), out, false)
	wrapper := reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
		values := make([]reflect.Value, len(portion))
		for i, b := range portion {
			values[i] = reflect.Zero(b.typ)
			if made, problem := m.obtain(b, nil); problem == nil {
				values[i] = made.value
			}
		}
		return values
	})
	if name := m.graph.digName(portion[0]); name != "" {
		return m.dig.Provide(wrapper.Interface(), at, dig.Name(name))
	}
	return m.dig.Provide(wrapper.Interface(), at)
}

// needsOf returns the beans of dig that must be complete before the portion is
// made.
func needsOf(portion []*node) []*node {
	var needs []*node
	counted := map[*node]bool{}
	for _, b := range portion {
		counted[b] = true
		b.eachNeed(func(n *node) {
			if !n.isInline() && !counted[n] {
				counted[n] = true
				needs = append(needs, n)
			}
		})
	}
	return needs
}

// digName tells beans of one type apart in dig; the only bean of its type needs
// no name there. It is not the bean's own: dig does not accept every name.
func (g *graph) digName(b *node) string {
	if len(b.groups) > 0 {
		return strconv.Itoa(b.position)
	}
	ofType := g.byType[b.typ].nodes
	if len(ofType) == 1 {
		return ""
	}
	for _, other := range ofType {
		if other != b && other.typ == b.typ {
			return strconv.Itoa(b.position)
		}
	}
	return ""
}

// parameters is how a list of beans is asked for in dig's terms: a parameter
// for each bean that is the only one of its type, and one dig.In struct for all
// those that need a name.
func (m *maker) parameters(needs []*node) []reflect.Type {
	types := make([]reflect.Type, 0, len(needs)+1)
	var fields []reflect.StructField
	for _, b := range needs {
		name := m.graph.digName(b)
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

// resolve lets dig make beans, with all of their portions and all that these
// need, unless they are made already.
func (m *maker) resolve(beans []*node) {
	for len(beans) > 0 {
		n := 1
		for isNamed := m.isNamed(beans[0]); n < min(len(beans), maxParameters) && m.isNamed(beans[n]) == isNamed; {
			n++
		}
		m.invoke(beans[:n]) // in order: dig makes what has a name last
		beans = beans[n:]
	}
}

func (m *maker) isNamed(b *node) bool { return m.graph.digName(b) != "" }

func (m *maker) invoke(beans []*node) {
	consumer := reflect.MakeFunc(reflect.FuncOf(m.parameters(beans), nil, false),
		func([]reflect.Value) []reflect.Value { return nil })
	if err := m.dig.Invoke(consumer.Interface()); err != nil {
		m.report(rejectedByDig(beans[0], err))
	}
}

// rejectedByDig reports what our own checks should have found first.
func rejectedByDig(b *node, err error) *Problem {
	p := &Problem{
		Code: CodeRegistration, Bean: b.name, Err: err,
		What: fmt.Sprintf("%s cannot be wired: %v", b.describe(), dig.RootCause(err)),
	}
	return p.detail("registered", b.where())
}
