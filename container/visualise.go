// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"
	"regexp"
	"slices"
)

// Graph is who needs whom in an application, with what is known of each bean.
// [Graph.DOT] and [Graph.Mermaid] draw it.
type Graph struct {
	Nodes []GraphNode `json:"nodes"` // in the order in which beans are started
	Edges []GraphEdge `json:"edges"`
}

// GraphNode is a bean, or one that is missing.
type GraphNode struct {
	Name            string    `json:"name"`
	Type            string    `json:"type"`
	Scope           string    `json:"scope"` // as in [BeanInfo]
	Module          string    `json:"module,omitempty"`
	Stereotype      string    `json:"stereotype,omitempty"`
	Phase           int       `json:"phase,omitempty"`
	IsPostProcessor bool      `json:"isPostProcessor,omitempty"`
	State           NodeState `json:"state"`
	// Problem is what the last start reported of the bean, with its code.
	Problem string `json:"problem,omitempty"`
}

// NodeState is what has become of a bean.
type NodeState string

// The states of a bean. One with a problem may be built: its Start failed.
const (
	NodeNotBuilt NodeState = "not built" // lazy, or what it needs has failed
	NodeBuilt    NodeState = "built"
	NodeFailed   NodeState = "failed"
)

// GraphEdge says that one bean needs another, both by name.
type GraphEdge struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	Kind EdgeKind `json:"kind"`
}

// EdgeKind is how a bean needs another.
type EdgeKind string

// The kinds of edges.
const (
	EdgeNeeds     EdgeKind = "needs"      // by a constructor's parameter
	EdgeDependsOn EdgeKind = "depends on" // by the option DependsOn
	EdgeMayGet    EdgeKind = "may get"    // through a Provider
)

// Graph returns the beans and who needs whom: of the last start, be it that it
// failed, or, before the first, of a start to come. What the context itself
// offers is left out.
func (app *ApplicationContext) Graph() Graph {
	g := app.latestGraph()
	problems := map[string]string{}
	if r := app.last.Load(); r != nil {
		for _, p := range r.problems {
			if _, known := problems[p.Bean]; !known {
				problems[p.Bean] = p.Error()
			}
		}
		if r.maker != nil {
			r.maker.mu.Lock()
			defer r.maker.mu.Unlock()
		}
	}
	graph := Graph{Nodes: []GraphNode{}, Edges: []GraphEdge{}}
	for _, b := range g.order {
		if b.isInfrastructure {
			continue
		}
		graph.Nodes = append(graph.Nodes, b.node(problems[b.name]))
		graph.Edges = append(graph.Edges, b.edges()...)
	}
	return graph
}

func (b *bean) node(problem string) GraphNode {
	n := GraphNode{
		Name: b.name, Type: shortType(b.typ), Scope: b.scope.String(), Module: b.module.path(), Stereotype: b.stereotype,
		Phase: b.startPhase, IsPostProcessor: b.isProcessor, State: NodeNotBuilt, Problem: problem,
	}
	switch {
	case b.state == complete:
		n.State = NodeBuilt
	case b.state == failed && problem != "":
		n.State = NodeFailed
	}
	return n
}

// shortType is a type's name without the folders of packages:
// "*shop.Repository[shop.Order]".
func shortType(t reflect.Type) string {
	return regexp.MustCompile(`[\w.~-]+/`).ReplaceAllString(t.String(), "")
}

func (b *bean) edges() (edges []GraphEdge) {
	add := func(to *bean, kind EdgeKind) {
		for _, shown := range to.shown() {
			edges = append(edges, GraphEdge{b.name, shown.name, kind})
		}
	}
	for _, needed := range b.needs {
		if slices.Contains(b.dependsOn, needed.name) {
			add(needed, EdgeDependsOn)
		} else {
			add(needed, EdgeNeeds)
		}
	}
	for _, wanted := range b.wants {
		add(wanted, EdgeMayGet)
	}
	return edges
}

// shown returns the bean, or, if it is not shown itself, what it needs.
func (b *bean) shown() (beans []*bean) {
	if !b.isInfrastructure {
		return []*bean{b}
	}
	for _, needed := range b.needs {
		beans = append(beans, needed.shown()...)
	}
	return beans
}
