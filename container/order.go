// SPDX-License-Identifier: Apache-2.0

package container

import (
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/order"
)

// The groups in which beans are put in order.
const (
	groupEarly = iota // the processors and what they need
	groupEager
	groupOthers
)

// putInOrder sorts the beans so that everything needed comes before what needs
// it, the processors and what they need first, else by registration; it reports
// every circle with its whole path. What a bean gets through a Provider comes
// before it too, unless that would close a circle.
func (g *graph) putInOrder() {
	for i, b := range g.nodes {
		b.position = i
	}
	sorted := order.Sort(g.unsorted())
	g.order = make([]*node, len(g.nodes))
	for i, element := range sorted.Elements {
		g.order[i] = g.nodes[element]
	}
	for _, circle := range sorted.Circles {
		g.problems = append(g.problems, g.circle(circle))
	}
	for i, b := range g.order {
		group := sorted.Groups[b.position]
		b.isEarly = group == groupEarly
		b.isEager = group != groupOthers && !b.isInline()
		b.position = i
	}
}

// unsorted is the graph, with each node as its place in the list.
func (g *graph) unsorted() order.Graph {
	unsorted := order.Graph{
		N: len(g.nodes), Groups: make([][]int, groupOthers+1),
		Needs: func(element int, fn func(int)) {
			for _, needed := range g.nodes[element].needs {
				fn(needed.position)
			}
		},
		// Being wanted makes no lazy bean eager.
		Follows: func(group, wanted int) bool {
			return group == groupOthers || group == groupEager && g.nodes[wanted].scope == ScopeSingleton
		},
	}
	if g.hasWants {
		unsorted.Wants = func(element int, fn func(int)) {
			for _, wanted := range g.nodes[element].wants {
				fn(wanted.position)
			}
		}
	}
	for _, b := range g.processors() {
		unsorted.Groups[groupEarly] = append(unsorted.Groups[groupEarly], b.position)
	}
	others := make([]int, len(g.nodes))
	for i, b := range g.nodes {
		others[i] = i
		if b.scope == ScopeSingleton {
			unsorted.Groups[groupEager] = append(unsorted.Groups[groupEager], i)
		}
	}
	unsorted.Groups[groupOthers] = others
	return unsorted
}

// maxCircle is how many beans of a circle are named; there are fewer if there are
// more than manyCircles.
const (
	maxCircle          = 100
	maxCircleAmongMany = 10
	manyCircles        = 10
)

// circle reports beans each of which needs the next, by their places in the list.
func (g *graph) circle(circle []int) *Problem {
	most := maxCircle
	if g.circles++; g.circles > manyCircles {
		most = maxCircleAmongMany
	}
	head, leftOut, tail := circle, 0, circle[:0]
	if n := len(circle); n > most {
		head, leftOut, tail = circle[:most/2], n-most, circle[n-most/2:]
	}
	var names, steps []string
	add := func(places []int) {
		for _, place := range places {
			names = append(names, g.nodes[place].name)
			steps = append(steps, g.nodes[place].describe()+" needs")
		}
	}
	add(head)
	if leftOut > 0 {
		names, steps = append(names, more(leftOut)), append(steps, more(leftOut))
	}
	add(tail)
	first := names[0]
	p := &Problem{
		Code: CodeCycle, Bean: first,
		What: "beans need each other in a cycle: " + strings.Join(append(names, first), " -> "),
		Remedy: "move what both need into a bean of its own, or let one of them take a container.Provider\n" +
			"of the other and get it when it is used",
	}
	return p.detail("path", strings.Join(append(steps, first), "\n"))
}
