// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/dig"
)

// injection is what one parameter, or one field of a dig.In struct, gets.
type injection struct {
	typ    reflect.Type
	kind   injectionKind
	beans  []*node          // one; or all of a collection
	fields []fieldInjection // of injectFields
	target *injection       // of injectProvider
}

type fieldInjection struct {
	index int
	injection
}

type injectionKind int

const (
	injectNothing injectionKind = iota // the zero value: an optional bean that does not exist
	injectOne
	injectSlice
	injectMap
	injectFields   // a struct that embeds dig.In
	injectProvider // a Provider of the target
)

// eachBean calls fn with every bean that is needed and the type it is taken as.
func (in *injection) eachBean(fn func(needed *node, as reflect.Type)) {
	as := in.typ
	if in.kind == injectSlice || in.kind == injectMap {
		as = in.typ.Elem()
	}
	for _, b := range in.beans {
		if in.kind == injectSlice && b.isFlattened {
			fn(b, b.typ)
			continue
		}
		fn(b, as)
	}
	for i := range in.fields {
		in.fields[i].eachBean(fn)
	}
}

// eachTarget calls fn with what is taken through a Provider.
func (in *injection) eachTarget(fn func(target *injection)) {
	if in.target != nil {
		fn(in.target)
	}
	for i := range in.fields {
		in.fields[i].eachTarget(fn)
	}
}

// point is the place that asks for a bean.
type point struct {
	bean     *node
	place    string // "parameter 1", "field Store of parameter 1"
	name     string // the bean asked for by name, or ""
	group    string // the value group asked for, or ""
	optional bool
}

func (p point) String() string {
	return p.bean.name + ": " + p.place + " of " + p.bean.label()
}

// resolve decides what each parameter of a constructor gets.
func (g *graph) resolve(b *node) {
	if b.constructor.Kind() == reflect.Func {
		g.resolveParameters(b)
	}
	for _, name := range b.dependsOn {
		if needed := g.byName[name]; needed != nil {
			b.need(needed)
			continue
		}
		g.problems = append(g.problems, g.missingDependency(b, name))
	}
	for i := range b.injections {
		b.injections[i].eachBean(func(needed *node, as reflect.Type) {
			needed.demand(as)
			b.need(needed)
		})
		b.injections[i].eachTarget(func(target *injection) {
			target.eachBean(func(wanted *node, as reflect.Type) {
				wanted.demand(as)
				b.wants = append(b.wants, wanted)
				g.hasWants = true
			})
		})
	}
}

func (b *node) need(needed *node) {
	if needed.seenBy != b {
		needed.seenBy = b
		b.needs = append(b.needs, needed)
	}
}

func (b *node) demand(as reflect.Type) {
	if as != b.typ && !slices.Contains(b.demands, as) {
		b.demands = append(b.demands, as)
	}
}

func (g *graph) resolveParameters(b *node) {
	fn := b.constructor.Type()
	parameters := fn.NumIn()
	if fn.IsVariadic() {
		parameters-- // called without: dig, too, treats it as optional
	}
	if parameters == 0 {
		return
	}
	b.injections = make([]injection, parameters)
	for i := range parameters {
		if i == 0 && b.source != nil {
			b.injections[0] = injection{typ: fn.In(0), kind: injectOne, beans: []*node{g.bySource[b.source]}}
			continue
		}
		b.injections[i] = g.inject(point{bean: b, place: place(i)}, fn.In(i))
	}
}

var places = [...]string{"parameter 1", "parameter 2", "parameter 3", "parameter 4"}

func place(i int) string {
	if i < len(places) {
		return places[i]
	}
	return "parameter " + strconv.Itoa(i+1)
}

func (g *graph) inject(p point, t reflect.Type) injection {
	switch {
	case t.Kind() == reflect.Struct && dig.IsIn(t):
		return g.injectFields(p, t)
	case t.Kind() == reflect.Func && isProvider(t):
		target := g.inject(p, targetOf(t))
		return injection{typ: t, kind: injectProvider, target: &target}
	case p.group != "":
		return g.injectGroup(p, t)
	}
	candidates := g.find(t)
	if others := without(candidates, p.bean); len(others) > 0 {
		candidates = others // a decorator asks for what it decorates, not for itself
	}
	if p.name != "" {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(b *node) bool { return b.name != p.name })
	}
	switch chosen := choose(candidates); {
	case len(chosen) == 1:
		return injection{typ: t, kind: injectOne, beans: chosen}
	case len(chosen) > 1:
		g.problems = append(g.problems, g.ambiguous(p, t, chosen))
		return injection{typ: t}
	}
	if collection, ok := g.collect(p, t); ok {
		return collection
	}
	if !p.optional {
		g.problems = append(g.problems, g.missing(p, t))
	}
	return injection{typ: t}
}

func without(beans []*node, b *node) []*node {
	if !slices.Contains(beans, b) {
		return beans
	}
	return slices.DeleteFunc(slices.Clone(beans), func(other *node) bool { return other == b })
}

// choose returns the only candidate, or the only primary one, or all that are
// left to choose from.
func choose(candidates []*node) []*node {
	if len(candidates) < 2 {
		return candidates
	}
	var primary []*node
	for _, b := range candidates {
		if b.primary {
			primary = append(primary, b)
		}
	}
	if len(primary) > 0 {
		return primary
	}
	return candidates
}

// collect gathers all beans but the asking one for a []I or map[string]I. There
// may be none of an interface; that no bean is of a concrete element type is a
// mistake.
func (g *graph) collect(p point, t reflect.Type) (injection, bool) {
	in := injection{typ: t}
	switch {
	case p.name != "":
		return in, false
	case t.Kind() == reflect.Slice:
		in.kind = injectSlice
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		in.kind = injectMap
	default:
		return in, false
	}
	in.beans = byOrder(slices.Clone(without(g.find(t.Elem()), p.bean)))
	return in, len(in.beans) > 0 || t.Elem().Kind() == reflect.Interface
}

func (g *graph) injectGroup(p point, t reflect.Type) injection {
	if t.Kind() != reflect.Slice {
		g.problems = append(g.problems, p.mistaken(fmt.Sprintf("takes the group %q as a %s", p.group, t), "take a slice"))
		return injection{typ: t}
	}
	return injection{typ: t, kind: injectSlice, beans: byOrder(without(g.members(p.group, t.Elem()), p.bean))}
}

func (g *graph) injectFields(p point, t reflect.Type) injection {
	in := injection{typ: t, kind: injectFields}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && field.Type == reflect.TypeFor[dig.In]() {
			continue
		}
		group, option, _ := strings.Cut(field.Tag.Get("group"), ",")
		at := point{
			bean: p.bean, place: "field " + field.Name + " of " + p.place,
			name: field.Tag.Get("name"), group: group, optional: field.Tag.Get("optional") == "true",
		}
		switch {
		case !field.IsExported():
			g.problems = append(g.problems, at.mistaken("is unexported and cannot be injected", "export it"))
		case option != "":
			g.problems = append(g.problems, at.mistaken(
				fmt.Sprintf("asks for the group %q with the unknown option %q", group, option), "remove the option"))
		default:
			in.fields = append(in.fields, fieldInjection{i, g.inject(at, field.Type)})
		}
	}
	return in
}

func (p point) mistaken(what, remedy string) *Problem {
	problem := &Problem{Code: CodeRegistration, Bean: p.bean.name, What: p.place + " " + what, Remedy: remedy}
	return problem.detail("needed by", p.String())
}
