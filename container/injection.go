// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"go.uber.org/dig"
)

// injection is what one parameter, or one field of a dig.In struct, gets.
type injection struct {
	typ    reflect.Type
	kind   injectionKind
	beans  []*definition // one; or all of a collection
	fields []fieldInjection
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
	injectFields // a struct that embeds dig.In
)

// value assembles the parameter from the values of the beans it needs.
func (in injection) value(of func(*definition) reflect.Value) reflect.Value {
	switch in.kind {
	case injectOne:
		return of(in.beans[0])
	case injectSlice:
		list := reflect.MakeSlice(in.typ, 0, len(in.beans))
		for _, d := range in.beans {
			list = reflect.Append(list, of(d))
		}
		return list
	case injectMap:
		table := reflect.MakeMapWithSize(in.typ, len(in.beans))
		for _, d := range in.beans {
			table.SetMapIndex(reflect.ValueOf(d.name).Convert(in.typ.Key()), of(d))
		}
		return table
	case injectFields:
		object := reflect.New(in.typ).Elem()
		for _, f := range in.fields {
			object.Field(f.index).Set(f.value(of))
		}
		return object
	}
	return reflect.Zero(in.typ)
}

// point is the place that asks for a bean.
type point struct {
	bean     *definition
	place    string // "parameter 1", "field Store of parameter 1"
	name     string // the bean asked for by name, or ""
	optional bool
}

func (p point) String() string {
	return p.bean.name + ": " + p.place + " of " + p.bean.label()
}

// resolve decides what each parameter of a constructor gets.
func (g *graph) resolve(d *definition) {
	fn := d.constructor.Type()
	for i := range fn.NumIn() {
		if fn.IsVariadic() && i == fn.NumIn()-1 {
			break // called without: dig, too, treats it as optional
		}
		p := point{bean: d, place: "parameter " + strconv.Itoa(i+1)}
		d.injections = append(d.injections, g.inject(p, fn.In(i)))
	}
	for _, in := range d.injections {
		in.eachBean(func(needed *definition, as reflect.Type) {
			needed.demands = appendNew(needed.demands, as)
			d.needs = appendNew(d.needs, needed)
		})
	}
}

// eachBean calls fn with every bean that is needed and the type it is taken as.
func (in injection) eachBean(fn func(needed *definition, as reflect.Type)) {
	as := in.typ
	if in.kind == injectSlice || in.kind == injectMap {
		as = in.typ.Elem()
	}
	for _, d := range in.beans {
		fn(d, as)
	}
	for _, f := range in.fields {
		f.eachBean(fn)
	}
}

func appendNew[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

func (g *graph) inject(p point, t reflect.Type) injection {
	if t.Kind() == reflect.Struct && dig.IsIn(t) {
		return g.injectFields(p, t)
	}
	candidates := g.find(t)
	if others := without(candidates, p.bean); len(others) > 0 {
		candidates = others // a decorator asks for what it decorates, not for itself
	}
	if p.name != "" {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(d *definition) bool { return d.name != p.name })
	}
	switch chosen := choose(candidates); {
	case len(chosen) == 1:
		return injection{typ: t, kind: injectOne, beans: chosen}
	case len(chosen) > 1:
		g.problems = append(g.problems, ambiguous(p, t, chosen))
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

func without(definitions []*definition, d *definition) []*definition {
	if !slices.Contains(definitions, d) {
		return definitions
	}
	return slices.DeleteFunc(slices.Clone(definitions), func(other *definition) bool { return other == d })
}

// choose returns the only candidate, or the only primary one, or all that are
// left to choose from.
func choose(candidates []*definition) []*definition {
	if len(candidates) < 2 {
		return candidates
	}
	var primary []*definition
	for _, d := range candidates {
		if d.primary {
			primary = append(primary, d)
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

func (g *graph) injectFields(p point, t reflect.Type) injection {
	in := injection{typ: t, kind: injectFields}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && field.Type == reflect.TypeFor[dig.In]() {
			continue
		}
		at := point{
			bean: p.bean, place: "field " + field.Name + " of " + p.place,
			name: field.Tag.Get("name"), optional: field.Tag.Get("optional") == "true",
		}
		if wrong := wrongField(field); wrong != "" {
			problem := &Problem{Code: CodeRegistration, Bean: p.bean.name, What: at.place + " " + wrong}
			g.problems = append(g.problems, problem.detail("needed by", at.String()))
			continue
		}
		in.fields = append(in.fields, fieldInjection{i, g.inject(at, field.Type)})
	}
	return in
}

func wrongField(field reflect.StructField) string {
	if !field.IsExported() {
		return "is unexported and cannot be injected: export it"
	}
	if field.Tag.Get("group") != "" {
		return fmt.Sprintf("asks for a group: take a %s without the tag to get all beans of that type", field.Type)
	}
	return ""
}
