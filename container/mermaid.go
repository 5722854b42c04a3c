// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"strings"
)

// Mermaid renders the graph as a flowchart of https://mermaid.js.org, which many
// viewers of Markdown draw. It is marked as by [Graph.DOT].
func (g Graph) Mermaid() string {
	var text strings.Builder
	text.WriteString("flowchart LR\n")
	ids := make(map[string]string, len(g.Nodes))
	for i, n := range g.Nodes {
		ids[n.Name] = fmt.Sprint("n", i)
	}
	for i, phase := range g.phases() {
		indent := "  "
		if phase != 0 {
			fmt.Fprintf(&text, "  subgraph phase%d[\"phase %d\"]\n", i, phase)
			indent = "    "
		}
		for _, n := range g.Nodes {
			if n.Phase == phase {
				fmt.Fprintf(&text, "%s%s(\"%s\")\n", indent, ids[n.Name], n.mermaidLabel())
			}
		}
		if phase != 0 {
			text.WriteString("  end\n")
		}
	}
	arrows := map[EdgeKind]string{EdgeNeeds: "-->", EdgeDependsOn: "-- depends on -->", EdgeMayGet: "-. may get .->"}
	for _, e := range g.Edges {
		fmt.Fprintf(&text, "  %s %s %s\n", ids[e.From], arrows[e.Kind], ids[e.To])
	}
	mark := func(class, style string, isMarked func(GraphNode) bool) {
		fmt.Fprintf(&text, "  classDef %s %s\n", class, style)
		for _, n := range g.Nodes {
			if isMarked(n) {
				fmt.Fprintf(&text, "  class %s %s\n", ids[n.Name], class)
			}
		}
	}
	mark("processor", "fill:#cde4f5", func(n GraphNode) bool { return n.IsPostProcessor })
	mark("dashed", "stroke-dasharray:4", GraphNode.isDashed)
	mark("failed", "stroke:#d00,color:#d00", GraphNode.hasFailed)
	return text.String()
}

// mermaidLabel escapes by entities what would end the label or be read as
// Markdown or HTML.
func (n GraphNode) mermaidLabel() string {
	escape := strings.NewReplacer(`&`, "#amp;", `"`, "#quot;", "#", "#35;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", " ")
	lines := n.lines()
	for i, line := range lines {
		lines[i] = escape.Replace(line)
	}
	return strings.Join(lines, "<br>")
}
