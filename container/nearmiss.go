// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/internal/naming"
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

// nearMisses lists, at most three, the beans that the user may have meant: those
// that almost fit before those that only have a similar name.
func (g *graph) nearMisses(p point, t reflect.Type) []string {
	const most = 3
	var fits, named []string
	for _, d := range g.beans {
		if d == p.bean || d.isOut() {
			continue
		}
		if reason := almostFits(d, p, t); reason != "" {
			fits = append(fits, d.describe()+" "+reason)
		} else if reason := hasSimilarName(d, t); reason != "" {
			named = append(named, d.describe()+" "+reason)
		}
	}
	near := append(fits, named...)
	return near[:min(most, len(near))]
}

func almostFits(d *bean, p point, t reflect.Type) string {
	switch {
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
	}
	return ""
}

// hasSimilarName does not tell which methods of an interface are missing:
// reflect.Type.Method, and MethodByName with a name that is not constant, make
// the linker keep every exported method of the program.
func hasSimilarName(d *bean, t reflect.Type) string {
	made, wanted := bareName(d.made), bareName(t)
	switch {
	case made == "" || wanted == "":
		return ""
	case t.Kind() == reflect.Interface && shareWords(made, wanted):
		return "does not implement " + t.String()
	case t.Kind() != reflect.Interface && strings.EqualFold(made, wanted):
		return "has a similar name in another package"
	}
	return ""
}

// shareWords reports whether all words of one name are in the other: "memoryStore"
// and "Store".
func shareWords(a, b string) bool {
	a, b = "-"+naming.KebabCase(a)+"-", "-"+naming.KebabCase(b)+"-"
	return strings.Contains(a, b) || strings.Contains(b, a)
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
