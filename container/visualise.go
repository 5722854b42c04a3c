// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/draw"
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
	Scope           Scope     `json:"scope"`
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

// DOT renders the graph in the language of Graphviz. Post-processors are
// coloured, lazy beans and prototypes dashed, phases but 0 framed; what failed
// is red and has its problem's code.
func (g Graph) DOT() string { return g.picture().DOT() }

// Mermaid renders the graph as a flowchart of https://mermaid.js.org, which many
// viewers of Markdown draw. It is marked as by [Graph.DOT].
func (g Graph) Mermaid() string { return g.picture().Mermaid() }

func (g Graph) picture() (picture draw.Graph) {
	for _, n := range g.Nodes {
		picture.Nodes = append(picture.Nodes, draw.Node{
			Name: n.Name, Lines: n.lines(), Phase: n.Phase, IsProcessor: n.IsPostProcessor,
			IsDashed: n.Scope != ScopeSingleton, HasFailed: n.State == NodeFailed || n.Problem != "",
		})
	}
	kinds := map[EdgeKind]draw.Kind{EdgeNeeds: draw.Needs, EdgeDependsOn: draw.DependsOn, EdgeMayGet: draw.MayGet}
	for _, e := range g.Edges {
		picture.Edges = append(picture.Edges, draw.Edge{From: e.From, To: e.To, Kind: kinds[e.Kind]})
	}
	return picture
}

// lines is what is written on a node.
func (n GraphNode) lines() []string {
	lines := []string{n.Name}
	if n.Type != "*"+n.Name {
		lines = append(lines, n.Type)
	}
	if n.Module != "" {
		lines = append(lines, "module "+n.Module)
	}
	if code, _, _ := strings.Cut(n.Problem, " "); code != "" {
		lines = append(lines, code)
	}
	return lines
}

// Graph returns the beans and their dependencies: those of the last start, also if
// that failed, or, before the first start, those of the start to come. What the
// context itself offers is left out.
func (app *ApplicationContext) Graph() Graph {
	view := app.latest()
	problems := map[string]string{}
	if r := app.last.Load(); r != nil {
		for _, p := range r.problems {
			if _, known := problems[p.Bean]; !known {
				problems[p.Bean] = p.Error()
			}
		}
	}
	graph := Graph{Nodes: []GraphNode{}, Edges: []GraphEdge{}}
	for _, b := range view.graph.order {
		if b.isInfrastructure {
			continue
		}
		graph.Nodes = append(graph.Nodes, view.graphNode(b, problems[b.name]))
		graph.Edges = append(graph.Edges, b.edges()...)
	}
	return graph
}

func (v view) graphNode(b *node, problem string) GraphNode {
	n := GraphNode{
		Name: b.name, Type: shortType(b.typ), Scope: b.scope, Module: b.module.path(), Stereotype: b.stereotype,
		Phase: v.phase(b), IsPostProcessor: b.isProcessor, State: NodeNotBuilt, Problem: problem,
	}
	switch {
	case v.instance(b) != nil:
		n.State = NodeBuilt
	case v.slots != nil && v.slots[b.position].state == failed && problem != "":
		n.State = NodeFailed
	}
	return n
}

// shortType is a type's name without the folders of packages:
// "*shop.Repository[shop.Order]".
func shortType(t reflect.Type) string {
	return regexp.MustCompile(`[\w.~-]+/`).ReplaceAllString(t.String(), "")
}

func (b *node) edges() (edges []GraphEdge) {
	add := func(to *node, kind EdgeKind) {
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
func (b *node) shown() (beans []*node) {
	if !b.isInfrastructure {
		return []*node{b}
	}
	for _, needed := range b.needs {
		beans = append(beans, needed.shown()...)
	}
	return beans
}
