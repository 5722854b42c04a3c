// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"slices"
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
	kept := 0
	for _, d := range g.excluded.find(t) {
		if (p.name == "" || d.name == p.name) && kept < maxListed {
			problem.detail("kept out", g.keptOut(d))
			kept++
		}
	}
	for _, near := range g.nearMisses(p, t) {
		problem.detail("near", near)
	}
	return problem
}

// missingDependency says that DependsOn names no bean.
func (g *graph) missingDependency(b *node, name string) *Problem {
	p := &Problem{
		Code: CodeMissing, Bean: b.name, What: fmt.Sprintf("no bean named %q", name),
		Remedy: "name a registered bean in container.DependsOn; app.Beans() lists them",
	}
	p.detail("needed by", b.name+": DependsOn").detail("registered", b.where())
	kept := g.excluded.byName[name]
	for _, d := range kept[:min(maxListed, len(kept))] {
		p.detail("kept out", g.keptOut(d))
	}
	for _, other := range g.nearIndex().named(name) {
		p.detail("near", other.describe())
	}
	return p
}

// maxListed is how many beans a problem lists of those that it concerns.
const maxListed = 10

func remedyForMissing(t reflect.Type) string {
	if t.Kind() == reflect.Interface {
		return fmt.Sprintf("register a bean that implements it: app.Register(func(...) %s { ... })", t)
	}
	return fmt.Sprintf("register a constructor of it: app.Register(func(...) %s { ... })", t)
}

// nearMisses lists, at most three, the beans that the user may have meant: those
// that almost fit before those that only have a similar name.
func (g *graph) nearMisses(p point, t reflect.Type) (near []string) {
	index := g.nearIndex()
	fits := index.almostFitting(p, t)
	for _, b := range fits {
		near = append(near, b.describe()+" "+almostFits(b, p, t))
	}
	skip := func(b *node) bool { return b == p.bean || b.isOut() || slices.Contains(fits, b) }
	for _, b := range index.similar(t, skip) {
		near = append(near, b.describe()+" "+similarity(t))
	}
	return near[:min(maxNear, len(near))]
}

func almostFits(d *node, p point, t reflect.Type) string {
	switch {
	case len(d.groups) > 0 && d.isA(t):
		return fmt.Sprintf("is found through its group only: tag the field `group:%q`", d.groups[0])
	case d.fits(t) && p.name != "":
		return "fits but has another name"
	case d.made == reflect.PointerTo(t):
		return "is a pointer: take " + d.made.String()
	case t.Kind() == reflect.Pointer && d.made == t.Elem():
		return "is not a pointer: take " + d.made.String()
	case t.Kind() == reflect.Interface && reflect.PointerTo(d.made).Implements(t):
		return "would fit as a pointer: let its constructor return *" + d.made.String()
	}
	return ""
}

// similarity does not tell which methods of an interface are missing:
// reflect.Type.Method, and MethodByName with a name that is not constant, make
// the linker keep every exported method of the program.
func similarity(t reflect.Type) string {
	if t.Kind() == reflect.Interface {
		return "does not implement " + t.String()
	}
	return "has a similar name in another package"
}

func bareName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// ambiguous says that several beans fit and how to pick one.
func (g *graph) ambiguous(p point, t reflect.Type, candidates []*node) *Problem {
	problem := &Problem{
		Code: CodeAmbiguous, Bean: p.bean.name,
		What: fmt.Sprintf("%d beans fit the type %s", len(candidates), t),
		Remedy: fmt.Sprintf("mark one with container.Primary(), or ask for one by name:\n"+
			"struct { dig.In; Field %s `name:%q` }, or take all: []%s", t, candidates[0].name, t),
	}
	problem.detail("needed by", p.String()).detail("registered", p.bean.where())
	g.detailChain(problem, p.bean)
	for i, d := range candidates {
		if i == maxListed {
			problem.detail("fits", more(len(candidates)-maxListed))
			break
		}
		note := ""
		if d.primary {
			note = " is primary"
		}
		problem.detail("fits", d.describe()+note)
	}
	return problem
}
