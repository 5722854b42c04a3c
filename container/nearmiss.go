// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"strings"
)

// missing says that nothing fits, and what came close.
func (g *graph) missing(p point, t reflect.Type) *Problem {
	what := fmt.Sprintf("no bean of type %s", t)
	if p.name != "" {
		what += fmt.Sprintf(" named %q", p.name)
	}
	problem := &Problem{Code: CodeMissing, What: what, Bean: p.bean.name, Remedy: remedyForMissing(t)}
	problem.detail("needed by", p.String()).detail("registered", p.bean.where())
	g.detailChain(problem, p.bean)
	for _, e := range g.excluded {
		if e.isA(t) && (p.name == "" || e.name == p.name) {
			problem.detail("kept out", e.String())
		}
	}
	for _, near := range g.nearMisses(p, t) {
		problem.detail("near", near)
	}
	return problem
}

// missingDependency says that DependsOn names no bean.
func (g *graph) missingDependency(b *bean, name string) *Problem {
	p := &Problem{
		Code: CodeMissing, Bean: b.name, What: fmt.Sprintf("no bean named %q", name),
		Remedy: "name a registered bean in container.DependsOn; app.Beans() lists them",
	}
	p.detail("needed by", b.name+": DependsOn").detail("registered", b.where())
	for _, e := range g.excluded {
		if e.name == name {
			p.detail("kept out", e.String())
		}
	}
	for _, other := range g.beans {
		if !other.isInfrastructure && strings.EqualFold(other.name, name) {
			p.detail("near", other.describe())
		}
	}
	return p
}

func remedyForMissing(t reflect.Type) string {
	if t.Kind() == reflect.Interface {
		return fmt.Sprintf("register a bean that implements it: app.Register(func(...) %s { ... })", t)
	}
	return fmt.Sprintf("register a constructor of it: app.Register(func(...) %s { ... })", t)
}

// nearMisses lists, at most three, the beans that the user may have meant.
func (g *graph) nearMisses(p point, t reflect.Type) []string {
	const most = 3
	var near []string
	for _, d := range g.beans {
		if reason := nearMiss(d, p, t); reason != "" && d != p.bean && len(near) < most {
			near = append(near, d.describe()+" "+reason)
		}
	}
	return near
}

func nearMiss(d *bean, p point, t reflect.Type) string {
	switch {
	case d.isOut():
		return ""
	case len(d.groups) > 0 && d.isA(t):
		return fmt.Sprintf("is found through its group only: tag the field `group:%q`", d.groups[0])
	case d.fits(t) && p.name != "":
		return "fits but has another name"
	case d.made == reflect.PointerTo(t):
		return "is a pointer: take " + d.made.String()
	case t.Kind() == reflect.Pointer && d.made == t.Elem():
		return "is no pointer: take " + d.made.String()
	case t.Kind() == reflect.Interface && reflect.PointerTo(d.made).Implements(t):
		return "would fit as a pointer: let its constructor return *" + d.made.String()
	case t.Kind() == reflect.Interface:
		return lackingMethods(d.made, t)
	case bareName(d.made) != "" && strings.EqualFold(bareName(d.made), bareName(t)):
		return "has a similar name in another package"
	}
	return ""
}

// lackingMethods says which methods a type would still need to implement an
// interface of which it has at least half.
func lackingMethods(t, iface reflect.Type) string {
	var lacking []string
	for i := range iface.NumMethod() {
		method := iface.Method(i)
		switch own, ok := t.MethodByName(method.Name); {
		case !ok:
			lacking = append(lacking, method.Name)
		case !sameSignature(t, own.Type, method.Type):
			lacking = append(lacking, method.Name+" with the signature "+method.Type.String())
		}
	}
	if len(lacking) == 0 || 2*len(lacking) > iface.NumMethod() && iface.NumMethod() > 1 {
		return ""
	}
	if iface.NumMethod() == 1 {
		if _, ok := t.MethodByName(iface.Method(0).Name); !ok {
			return ""
		}
	}
	return "lacks " + strings.Join(lacking, ", ")
}

// sameSignature compares a method's type, whose first parameter is the receiver
// unless t is an interface, with that of an interface's method.
func sameSignature(t, own, wanted reflect.Type) bool {
	skip := 1
	if t.Kind() == reflect.Interface {
		skip = 0
	}
	if own.NumIn()-skip != wanted.NumIn() || own.NumOut() != wanted.NumOut() {
		return false
	}
	for i := range wanted.NumIn() {
		if own.In(i+skip) != wanted.In(i) {
			return false
		}
	}
	for i := range wanted.NumOut() {
		if own.Out(i) != wanted.Out(i) {
			return false
		}
	}
	return true
}

func bareName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// ambiguous says that several beans fit and how to pick one.
func (g *graph) ambiguous(p point, t reflect.Type, candidates []*bean) *Problem {
	problem := &Problem{
		Code: CodeAmbiguous, Bean: p.bean.name,
		What: fmt.Sprintf("%d beans fit the type %s", len(candidates), t),
		Remedy: fmt.Sprintf("mark one with container.Primary(), or ask for one by name:\n"+
			"struct { dig.In; Field %s `name:%q` }, or take all: []%s", t, candidates[0].name, t),
	}
	problem.detail("needed by", p.String()).detail("registered", p.bean.where())
	g.detailChain(problem, p.bean)
	for _, d := range candidates {
		note := ""
		if d.primary {
			note = " is primary"
		}
		problem.detail("fits", d.describe()+note)
	}
	return problem
}
