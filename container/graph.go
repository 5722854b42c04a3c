// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// graph is who needs whom, worked out and checked before anything is built:
// what dig would find out one failure at a time is known here all at once. Its
// definitions are its own copies of the registered ones, so that each start of
// a context begins afresh.
type graph struct {
	definitions []*definition // without what is overridden or superseded
	byType      map[reflect.Type][]*definition
	problems    []*Problem
}

// newGraph resolves every parameter of every definition and notes whatever is
// wrong.
func newGraph(registered, overrides []*definition) *graph {
	g := &graph{byType: map[reflect.Type][]*definition{}}
	g.definitions = g.override(copies(registered), copies(overrides))
	g.collectRegistrationProblems()
	g.dropSuperseded()
	g.refuseDuplicateNames()
	g.index()
	for _, d := range g.definitions {
		g.resolve(d)
	}
	g.refuseCycles()
	return g
}

func copies(definitions []*definition) []*definition {
	list := make([]*definition, len(definitions))
	for i, d := range definitions {
		c := *d
		list[i] = &c
	}
	return list
}

func (g *graph) override(definitions, overrides []*definition) []*definition {
	for _, o := range overrides {
		if len(o.problems) > 0 {
			definitions = append(definitions, o)
			continue
		}
		i := slices.IndexFunc(definitions, o.replaces(definitions))
		if i < 0 {
			g.problems = append(g.problems, nothingToOverride(o, definitions))
			continue
		}
		if !o.isNamed {
			o.name = definitions[i].name
		}
		o.index = definitions[i].index
		definitions[i] = o
	}
	return definitions
}

// replaces returns the test for what o overrides: the same type and name, or,
// if o was given no name, the only definition of its type.
func (d *definition) replaces(definitions []*definition) func(*definition) bool {
	sameType := func(other *definition) bool {
		return other.typ != nil && (other.typ == d.typ || other.made == d.made) && !other.isInfrastructure
	}
	ofType := 0
	for _, other := range definitions {
		if sameType(other) {
			ofType++
		}
	}
	return func(other *definition) bool {
		return sameType(other) && (other.name == d.name || !d.isNamed && ofType == 1)
	}
}

func nothingToOverride(o *definition, definitions []*definition) *Problem {
	p := &Problem{
		Code: CodeRegistration, Bean: o.name,
		What:   fmt.Sprintf("an Override of %s named %q replaces nothing", o.typ, o.name),
		Remedy: "override with a constructor of the registered type, and with Named if there are several of it",
	}
	p.detail("registered", o.at.String())
	for _, d := range definitions {
		if d.typ != nil && !d.isInfrastructure && (d.typ == o.typ || d.name == o.name || d.typ.AssignableTo(o.typ) || o.typ.AssignableTo(d.typ)) {
			p.detail("near", d.describe())
		}
	}
	return p
}

func (g *graph) collectRegistrationProblems() {
	usable := g.definitions[:0]
	for _, d := range g.definitions {
		g.problems = append(g.problems, d.problems...)
		if d.typ != nil {
			usable = append(usable, d)
		}
	}
	g.definitions = usable
}

// dropSuperseded removes what the context offers where the user registered a
// bean of the same type.
func (g *graph) dropSuperseded() {
	users := map[reflect.Type]bool{}
	for _, d := range g.definitions {
		if !d.isInfrastructure {
			users[d.typ] = true
		}
	}
	g.definitions = slices.DeleteFunc(g.definitions, func(d *definition) bool {
		return d.isInfrastructure && users[d.typ]
	})
}

func (g *graph) refuseDuplicateNames() {
	named := map[string]*definition{}
	for _, d := range g.definitions {
		if d.isInfrastructure {
			continue
		}
		first, taken := named[d.name]
		if !taken {
			named[d.name] = d
			continue
		}
		p := &Problem{
			Code: CodeDuplicate, Bean: d.name,
			What:   fmt.Sprintf("two beans are named %q", d.name),
			Remedy: "give one of them another name with container.Named, or replace the first with app.Override",
		}
		g.problems = append(g.problems, p.detail("first", first.describe()).detail("second", d.describe()))
	}
}

func (g *graph) index() {
	for _, d := range g.definitions {
		g.byType[d.typ] = append(g.byType[d.typ], d)
		if d.made != d.typ {
			g.byType[d.made] = append(g.byType[d.made], d)
		}
	}
}

// find returns the beans that fit a type, in the order of registration.
func (g *graph) find(t reflect.Type) []*definition {
	if t.Kind() != reflect.Interface {
		return g.byType[t]
	}
	var fitting []*definition
	for _, d := range g.definitions {
		if d.fits(t) {
			fitting = append(fitting, d)
		}
	}
	return fitting
}

// refuseCycles reports every circle of beans with its whole path.
func (g *graph) refuseCycles() {
	const (
		unseen = iota
		onPath
		done
	)
	state := make(map[*definition]int, len(g.definitions))
	var path []*definition
	var visit func(*definition)
	visit = func(d *definition) {
		state[d] = onPath
		path = append(path, d)
		for _, needed := range d.needs {
			switch state[needed] {
			case unseen:
				visit(needed)
			case onPath:
				g.problems = append(g.problems, cycle(path[slices.Index(path, needed):]))
			}
		}
		path = path[:len(path)-1]
		state[d] = done
	}
	for _, d := range g.definitions {
		if state[d] == unseen {
			visit(d)
		}
	}
}

func cycle(circle []*definition) *Problem {
	var names, steps []string
	for _, d := range circle {
		names = append(names, d.name)
		steps = append(steps, fmt.Sprintf("%s needs", d.describe()))
	}
	names = append(names, circle[0].name)
	steps = append(steps, circle[0].name)
	p := &Problem{
		Code: CodeCycle, Bean: circle[0].name,
		What: "beans need each other in a circle: " + strings.Join(names, " -> "),
		Remedy: "move what both need into a bean of its own, or let one of them take a function or an event\n" +
			"instead of the other bean",
	}
	return p.detail("path", strings.Join(steps, "\n"))
}

// inStartOrder returns the definitions with everything that one needs before
// it, and otherwise in the order of registration.
func (g *graph) inStartOrder() []*definition {
	ordered := make([]*definition, 0, len(g.definitions))
	seen := make(map[*definition]bool, len(g.definitions))
	var visit func(*definition)
	visit = func(d *definition) {
		if seen[d] {
			return
		}
		seen[d] = true
		for _, needed := range d.needs {
			visit(needed)
		}
		ordered = append(ordered, d)
	}
	for _, d := range g.processors() {
		visit(d)
	}
	for _, d := range g.definitions {
		visit(d)
	}
	return ordered
}

// roots returns the definitions that no other needs. Creating them creates all.
func (g *graph) roots() []*definition {
	needed := make(map[*definition]bool, len(g.definitions))
	for _, d := range g.definitions {
		for _, n := range d.needs {
			needed[n] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(g.definitions), func(d *definition) bool { return needed[d] })
}

// processors returns the post-processors by Order, then by registration.
func (g *graph) processors() []*definition {
	var processors []*definition
	for _, d := range g.definitions {
		if d.isProcessor {
			processors = append(processors, d)
		}
	}
	return byOrder(processors)
}

// byOrder sorts by Order, then by registration.
func byOrder(definitions []*definition) []*definition {
	slices.SortStableFunc(definitions, func(a, b *definition) int {
		if a.order != b.order {
			return a.order - b.order
		}
		return a.index - b.index
	})
	return definitions
}

// describe names a bean for a person: `catalogService (*catalog.Service,
// catalog/main.go:30)`.
func (d *definition) describe() string {
	if d.isInfrastructure {
		return fmt.Sprintf("%s (%s, offered by the context)", d.name, d.typ)
	}
	return fmt.Sprintf("%s (%s, %s)", d.name, d.typ, d.at)
}
