// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container/internal/chain"
	"github.com/pyfly-go/pyfly/internal/beantypes"
)

// graph is who needs whom, worked out and checked before anything is built:
// what dig would find out one failure at a time is known here all at once. Each
// start of a context has its own.
type graph struct {
	config   *config.Config
	profiles []string

	nodes       []*node // without what is overridden, superseded or kept out
	byType      map[reflect.Type]*candidates
	byInterface map[reflect.Type][]*node // as far as they were asked for
	byName      map[string]*node
	byGroup     map[string][]*node
	bySource    map[*definition]*node // those of dig.Out structs
	numbers     map[string]int        // the next number of beans of one name
	order       []*node               // everything needed comes before what needs it
	excluded    definitions           // by a condition
	exclusions  map[*definition]exclusion
	problems    []*Problem
	hasWants    bool
	circles     int // that have been reported
	chains      []wantedChain
	near        *nearIndex
	fromRoots   *chain.Forest // from the beans that nobody needs

	typesOnce sync.Once
	types     *beantypes.Set
}

// candidates are the beans that are registered as, or made as, one type.
type candidates struct {
	nodes  []*node
	number int // of the type
}

// newGraph resolves every parameter of every definition and notes whatever is
// wrong.
func (app *ApplicationContext) newGraph() *graph {
	g := &graph{config: app.config, profiles: app.profiles()}
	definitions := g.override(slices.Clone(app.definitions), app.overrides)
	definitions = g.withoutMistaken(definitions)
	definitions = g.applyConditions(definitions)
	g.addNodes(withDistinctNames(definitions))
	for _, b := range g.nodes {
		g.resolve(b)
	}
	g.putInOrder()
	g.tellChains()
	return g
}

// override puts each override in the place of what it overrides: the definition
// of the same type and name, or, if it was given no name, the only one of its
// type.
func (g *graph) override(list, overrides []*definition) []*definition {
	if len(overrides) == 0 {
		return list
	}
	places := map[reflect.Type][]int{} // in the list
	addPlaces := func(place int, d *definition) {
		places[d.typ] = append(places[d.typ], place)
		if d.made != d.typ {
			places[d.made] = append(places[d.made], place)
		}
	}
	for i, d := range list {
		addPlaces(i, d)
	}
	var near *definitions
	for _, o := range overrides {
		if len(o.problems) > 0 {
			list = append(list, o)
			continue
		}
		i, ok := o.placeIn(list, places)
		if !ok {
			if near == nil {
				near = indexed(list)
			}
			g.problems = append(g.problems, nothingToOverride(o, near))
			continue
		}
		replacement := *o
		replacement.name, replacement.isNamed, replacement.nameOf = list[i].name, list[i].isNamed, list[i].nameOf
		replacement.index = list[i].index
		list[i] = &replacement
		addPlaces(i, &replacement)
	}
	return list
}

// placeIn returns the place of what d overrides. places tells by type where to
// look.
func (d *definition) placeIn(list []*definition, places map[reflect.Type][]int) (place int, ok bool) {
	var ofType []int
	for _, i := range slices.Concat(places[d.typ], places[d.made]) {
		other := list[i]
		if other.typ != nil && (other.typ == d.typ || other.made == d.made) && !other.isInfrastructure {
			ofType = append(ofType, i)
		}
	}
	slices.Sort(ofType)
	ofType = slices.Compact(ofType)
	for _, i := range ofType {
		if list[i].isCalled(d.name) || !d.isNamed && len(ofType) == 1 {
			return i, true
		}
	}
	return 0, false
}

// indexed lists the definitions of beans that can be overridden.
func indexed(list []*definition) *definitions {
	overridable := &definitions{}
	for _, d := range list {
		if d.typ != nil && !d.isInfrastructure {
			overridable.add(d)
		}
	}
	return overridable
}

// nothingToOverride lists the beans of the name, those that are what the override
// is, and those as which the override could be used.
func nothingToOverride(o *definition, registered *definitions) *Problem {
	p := &Problem{
		Code: CodeRegistration, Bean: o.name,
		What:   fmt.Sprintf("an Override of %s named %q replaces nothing", o.typ, o.name),
		Remedy: "override with a constructor of the registered type, and with Named if there are several of it",
	}
	p.detail("registered", o.where())
	near := slices.Concat(registered.byName[o.name], registered.find(o.typ), registered.usableAs(o.typ))
	slices.SortFunc(near, func(a, b *definition) int { return cmp.Compare(a.index, b.index) })
	near = slices.Compact(near)
	for _, d := range near[:min(maxListed, len(near))] {
		p.detail("near", d.describe())
	}
	return p
}

// withoutMistaken reports what is wrong with registrations, and drops those
// that cannot be used at all.
func (g *graph) withoutMistaken(definitions []*definition) []*definition {
	usable := definitions[:0]
	for _, d := range definitions {
		for _, p := range d.problems {
			mistake := *p
			mistake.Bean = d.name
			mistake.Details = slices.Clone(p.Details)
			g.problems = append(g.problems, mistake.detail("registered", d.where()))
		}
		if d.typ != nil {
			usable = append(usable, d)
		}
	}
	return usable
}

// addNodes makes the nodes and indexes them. What the context offers gives way
// to a bean of the same type that the user registered.
func (g *graph) addNodes(definitions []*definition) {
	g.byType = make(map[reflect.Type]*candidates, len(definitions))
	g.byInterface = map[reflect.Type][]*node{}
	g.byName = make(map[string]*node, len(definitions))
	g.byGroup, g.bySource, g.numbers = map[string][]*node{}, map[*definition]*node{}, map[string]int{}
	g.nodes = make([]*node, 0, len(definitions))
	nodes, spare := make([]node, len(definitions)), make([]candidates, len(definitions))
	room := make([]*node, len(definitions)) // most types have one bean
	for i := range spare {
		spare[i].nodes = room[i : i : i+1]
	}
	for i, d := range definitions {
		nodes[i].definition = d
		if !d.isInfrastructure {
			g.addNode(&nodes[i], &spare[i])
		}
	}
	for _, isNumbered := range []bool{false, true} { // a number does not take a name from others
		for i, d := range definitions {
			if !d.isInfrastructure && d.isNumbered() == isNumbered {
				g.addName(&nodes[i])
			}
		}
	}
	for i, d := range definitions {
		if d.isInfrastructure && g.byType[d.typ] == nil {
			g.addNode(&nodes[i], &spare[i])
		}
	}
}

func (g *graph) addNode(n *node, spare *candidates) {
	g.nodes = append(g.nodes, n)
	if n.isOut() {
		g.bySource[n.definition] = n
	}
	for i, group := range n.groups {
		if !slices.Contains(n.groups[:i], group) {
			g.byGroup[group] = append(g.byGroup[group], n)
		}
	}
	if len(n.groups) > 0 {
		return
	}
	g.addCandidate(n.typ, n, spare)
	if n.made != n.typ {
		g.addCandidate(n.made, n, &candidates{})
	}
}

func (g *graph) addCandidate(t reflect.Type, n *node, spare *candidates) {
	c := g.byType[t]
	if c == nil {
		c = spare
		c.number = len(g.byType)
		g.byType[t] = c
	}
	c.nodes = append(c.nodes, n)
}

// find returns the beans that fit a type, in the order of registration.
func (g *graph) find(t reflect.Type) []*node {
	if t.Kind() != reflect.Interface {
		if c := g.byType[t]; c != nil {
			return c.nodes
		}
		return nil
	}
	fitting, known := g.byInterface[t]
	if !known {
		for _, b := range g.nodes {
			if b.fits(t) {
				fitting = append(fitting, b)
			}
		}
		g.byInterface[t] = fitting
	}
	return fitting
}

// members returns the beans of a value group that fit a type.
func (g *graph) members(group string, t reflect.Type) []*node {
	var members []*node
	for _, b := range g.byGroup[group] {
		if b.isA(t) || b.isFlattened && b.typ.Elem().AssignableTo(t) {
			members = append(members, b)
		}
	}
	return members
}

// processors returns the post-processors by Order, then by registration.
func (g *graph) processors() []*node {
	var processors []*node
	for _, b := range g.nodes {
		if b.isProcessor && b.scope != ScopePrototype {
			processors = append(processors, b)
		}
	}
	return byOrder(processors)
}

// byOrder sorts by Order, then by registration.
func byOrder(beans []*node) []*node {
	slices.SortStableFunc(beans, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.index, b.index))
	})
	return beans
}

// BeanTypes is for other packages of this module. It returns the types of the beans
// of the start, or the validation, that is under way or was the last.
func (app *ApplicationContext) BeanTypes() *beantypes.Set {
	g := app.graph.Load()
	if g == nil {
		return beantypes.New(nil)
	}
	g.typesOnce.Do(func() {
		var types []reflect.Type
		for _, b := range g.nodes {
			if !b.isInfrastructure {
				types = append(types, b.made)
			}
		}
		g.types = beantypes.New(types)
	})
	return g.types
}
