// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DOT renders the graph in the language of Graphviz. Post-processors are
// coloured, lazy beans and prototypes dashed, phases but 0 framed; what failed
// is red and has its problem's code.
func (g Graph) DOT() string {
	var text strings.Builder
	text.WriteString("digraph beans {\n\trankdir=LR;\n\tnode [shape=box, style=\"rounded\", fontname=\"sans-serif\"];\n")
	for _, phase := range g.phases() {
		indent := "\t"
		if phase != 0 {
			fmt.Fprintf(&text, "\tsubgraph \"cluster phase %d\" {\n\t\tlabel=\"phase %d\"; style=dotted;\n", phase, phase)
			indent = "\t\t"
		}
		for _, n := range g.Nodes {
			if n.Phase == phase {
				fmt.Fprintf(&text, "%s%s [label=%s%s];\n", indent, dotQuote(n.Name), dotQuote(strings.Join(n.lines(), "\n")), n.dotStyle())
			}
		}
		if phase != 0 {
			text.WriteString("\t}\n")
		}
	}
	for _, e := range g.Edges {
		style := ""
		switch e.Kind {
		case EdgeDependsOn:
			style = " [style=dotted]"
		case EdgeMayGet:
			style = " [style=dashed, constraint=false]"
		}
		fmt.Fprintf(&text, "\t%s -> %s%s;\n", dotQuote(e.From), dotQuote(e.To), style)
	}
	text.WriteString("}\n")
	return text.String()
}

// phases lists the phases, the lowest first.
func (g Graph) phases() []int {
	phases := map[int]bool{}
	for _, n := range g.Nodes {
		phases[n.Phase] = true
	}
	return slices.Sorted(maps.Keys(phases))
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
	if code := n.problemCode(); code != "" {
		lines = append(lines, code)
	}
	return lines
}

func (n GraphNode) problemCode() string {
	code, _, _ := strings.Cut(n.Problem, " ")
	return code
}

// hasFailed reports whether the node is to be marked.
func (n GraphNode) hasFailed() bool { return n.State == NodeFailed || n.Problem != "" }

func (n GraphNode) isDashed() bool { return n.Scope != singleton.String() }

func (n GraphNode) dotStyle() string {
	styles, colours := []string{"rounded"}, ""
	if n.isDashed() {
		styles = append(styles, "dashed")
	}
	if n.IsPostProcessor {
		styles = append(styles, "filled")
		colours = ", fillcolor=\"lightblue\""
	}
	if n.hasFailed() {
		colours += ", color=\"red\", fontcolor=\"red\""
	}
	return fmt.Sprintf(", style=%q%s", strings.Join(styles, ","), colours)
}

// dotQuote makes a string of the language, with \n for line breaks.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
