// SPDX-License-Identifier: Apache-2.0

package container

import (
	"slices"
	"strings"
)

// visit is how far a walk over the graph has come with a bean.
type visit int8

const (
	unseen visit = iota
	onPath
	visited
)

// putInOrder sorts the beans so that everything needed comes before what needs
// it, the processors and what they need first, else by registration; it reports
// every circle with its whole path. What a bean gets through a Provider comes
// before it too, unless that would close a circle.
func (g *graph) putInOrder() {
	g.walk(false)
	if g.hasWants && !slices.ContainsFunc(g.problems, func(p *Problem) bool { return p.Code == CodeCycle }) {
		g.walk(true)
	}
	for i, b := range g.order {
		b.position = i
	}
}

func (g *graph) walk(withWants bool) {
	w := walker{graph: g, order: make([]*bean, 0, len(g.beans)), withWants: withWants}
	for _, b := range g.beans {
		b.visit = unseen
	}
	w.isEarly, w.isEager = true, true
	for _, b := range g.processors() {
		w.walk(b)
	}
	w.isEarly = false
	for _, b := range g.beans {
		if b.scope == singleton {
			w.walk(b)
		}
	}
	w.isEager = false
	for _, b := range g.beans {
		w.walk(b)
	}
	g.order = w.order
}

type walker struct {
	graph            *graph
	order            []*bean
	path             []*bean // from where the walk began
	circles          int
	withWants        bool
	isEarly, isEager bool
}

func (w *walker) walk(b *bean) {
	switch b.visit {
	case visited:
		return
	case onPath:
		w.graph.problems = append(w.graph.problems, w.cycle(w.path[slices.Index(w.path, b):]))
		return
	}
	b.visit = onPath
	b.isEarly, b.isEager = w.isEarly, w.isEager && !b.isInline()
	w.path = append(w.path, b)
	for _, needed := range b.needs {
		w.walk(needed)
	}
	if w.withWants && !w.isEarly {
		w.walkWants(b)
	}
	w.path = w.path[:len(w.path)-1]
	b.visit = visited
	w.order = append(w.order, b)
}

// walkWants places what b may get through a Provider before b, unless that
// needs b, or what is being placed after b. Being wanted makes no lazy bean
// eager.
func (w *walker) walkWants(b *bean) {
	for _, wanted := range b.wants {
		if wanted.visit != unseen || wanted.scope != singleton && w.isEager || reachesPath(wanted, map[*bean]bool{}) {
			continue
		}
		w.walk(wanted)
	}
}

func reachesPath(b *bean, seen map[*bean]bool) bool {
	if b.visit == onPath {
		return true
	}
	if seen[b] || b.visit == visited {
		return false
	}
	seen[b] = true
	return slices.ContainsFunc(b.needs, func(n *bean) bool { return reachesPath(n, seen) })
}

// maxCircle is how many beans of a circle are named; there are fewer if there are
// more than manyCircles.
const (
	maxCircle          = 100
	maxCircleAmongMany = 10
	manyCircles        = 10
)

// cycle reports a circle of beans.
func (w *walker) cycle(circle []*bean) *Problem {
	most := maxCircle
	if w.circles++; w.circles > manyCircles {
		most = maxCircleAmongMany
	}
	head, leftOut, tail := circle, 0, circle[:0]
	if n := len(circle); n > most {
		head, leftOut, tail = circle[:most/2], n-most, circle[n-most/2:]
	}
	var names, steps []string
	add := func(beans []*bean) {
		for _, b := range beans {
			names = append(names, b.name)
			steps = append(steps, b.describe()+" needs")
		}
	}
	add(head)
	if leftOut > 0 {
		names, steps = append(names, more(leftOut)), append(steps, more(leftOut))
	}
	add(tail)
	names, steps = append(names, circle[0].name), append(steps, circle[0].name)
	p := &Problem{
		Code: CodeCycle, Bean: circle[0].name,
		What: "beans need each other in a circle: " + strings.Join(names, " -> "),
		Remedy: "move what both need into a bean of its own, or let one of them take a container.Provider\n" +
			"of the other and get it when it is used",
	}
	return p.detail("path", strings.Join(steps, "\n"))
}
