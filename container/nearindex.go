// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/similar"
)

// nearIndex finds beans that someone may have meant, without looking at all of
// them. Beans are known by their place in the graph's list.
type nearIndex struct {
	graph   *graph
	made    map[reflect.Type][]*node // by what constructors return
	values  []*node                  // that are no pointers
	grouped definitions              // that are found through groups only
	places  map[*definition]int
	names   similar.Index            // of what constructors return
	lower   map[string][]*node       // by name in lower case
	pointed map[reflect.Type][]*node // of values, by the interface that their pointers implement
}

// nearIndex is made when the first problem needs it.
func (g *graph) nearIndex() *nearIndex {
	if g.near != nil {
		return g.near
	}
	x := &nearIndex{
		graph: g, made: map[reflect.Type][]*node{}, places: make(map[*definition]int, len(g.nodes)),
		lower: map[string][]*node{}, pointed: map[reflect.Type][]*node{},
	}
	for i, b := range g.nodes {
		x.places[b.definition] = i
		x.names.Add(bareName(b.made))
		if b.isOut() {
			continue
		}
		x.made[b.made] = append(x.made[b.made], b)
		if len(b.groups) > 0 {
			x.grouped.add(b.definition)
		}
		if b.made.Kind() != reflect.Pointer && b.made.Kind() != reflect.Interface {
			x.values = append(x.values, b)
		}
		if !b.isInfrastructure {
			x.lower[strings.ToLower(b.name)] = append(x.lower[strings.ToLower(b.name)], b)
		}
	}
	g.near = x
	return x
}

// maxNear is how many near misses a problem lists.
const maxNear = 3

// named returns some beans with names that differ from name in upper and lower
// case only.
func (x *nearIndex) named(name string) []*node {
	found := x.lower[strings.ToLower(name)]
	return found[:min(maxNear, len(found))]
}

// almostFitting returns the first beans for which [almostFits] has something to
// say.
func (x *nearIndex) almostFitting(p point, t reflect.Type) (found []*node) {
	take := func(candidates []*node) {
		taken := 0
		for _, b := range candidates {
			if taken == maxNear {
				return
			}
			if b != p.bean && !b.isOut() && almostFits(b, p, t) != "" {
				found = append(found, b)
				taken++
			}
		}
	}
	for _, d := range x.grouped.find(t) {
		take(x.graph.nodes[x.places[d]:][:1])
		if len(found) == maxNear {
			break
		}
	}
	if p.name != "" {
		take(x.graph.find(t))
	}
	take(x.made[reflect.PointerTo(t)])
	if t.Kind() == reflect.Pointer {
		take(x.made[t.Elem()])
	}
	if t.Kind() == reflect.Interface {
		take(x.pointersAre(t))
	}
	slices.SortFunc(found, func(a, b *node) int { return cmp.Compare(x.places[a.definition], x.places[b.definition]) })
	found = slices.Compact(found)
	return found[:min(maxNear, len(found))]
}

// pointersAre returns the values that would be a t as pointers.
func (x *nearIndex) pointersAre(t reflect.Type) []*node {
	found, known := x.pointed[t]
	if !known {
		for _, b := range x.values {
			if reflect.PointerTo(b.made).Implements(t) {
				found = append(found, b)
			}
		}
		x.pointed[t] = found
	}
	return found
}

// similar returns the first beans with a name that is similar to that of a type:
// of an interface, one that shares its words.
func (x *nearIndex) similar(t reflect.Type, skip func(*node) bool) (found []*node) {
	wanted := bareName(t)
	if t.Kind() == reflect.Interface {
		for _, i := range x.names.SharingWords(wanted, maxNear, func(i int) bool { return skip(x.graph.nodes[i]) }) {
			found = append(found, x.graph.nodes[i])
		}
		return found
	}
	for _, i := range x.names.Equal(wanted) {
		if b := x.graph.nodes[i]; !skip(b) {
			found = append(found, b)
		}
		if len(found) == maxNear {
			break
		}
	}
	return found
}
