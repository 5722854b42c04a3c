// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid renders the graph as a flowchart of https://mermaid.js.org, which many
// viewers of Markdown draw.
func (g Graph) Mermaid() string {
	var text strings.Builder
	text.WriteString("flowchart LR\n")
	ids := make(map[string]string, len(g.Nodes))
	for i, n := range g.Nodes {
		ids[n.Name] = fmt.Sprint("n", i)
	}
	for i, frame := range g.frames() {
		indent := "  "
		if frame.phase != 0 {
			fmt.Fprintf(&text, "  subgraph phase%d[\"phase %d\"]\n", i, frame.phase)
			indent = "    "
		}
		for _, place := range frame.nodes {
			fmt.Fprintf(&text, "%s%s(\"%s\")\n", indent, ids[g.Nodes[place].Name], g.Nodes[place].mermaidLabel())
		}
		if frame.phase != 0 {
			text.WriteString("  end\n")
		}
	}
	arrows := map[Kind]string{Needs: "-->", DependsOn: "-- depends on -->", MayGet: "-. may get .->"}
	for _, e := range g.Edges {
		fmt.Fprintf(&text, "  %s %s %s\n", ids[e.From], arrows[e.Kind], ids[e.To])
	}
	mark := func(class, style string, isMarked func(Node) bool) {
		fmt.Fprintf(&text, "  classDef %s %s\n", class, style)
		for _, n := range g.Nodes {
			if isMarked(n) {
				fmt.Fprintf(&text, "  class %s %s\n", ids[n.Name], class)
			}
		}
	}
	mark("processor", "fill:#cde4f5", func(n Node) bool { return n.IsProcessor })
	mark("dashed", "stroke-dasharray:4", func(n Node) bool { return n.IsDashed })
	mark("failed", "stroke:#d00,color:#d00", func(n Node) bool { return n.HasFailed })
	return text.String()
}

// mermaidLabel escapes by entities what would end the label or be read as
// Markdown or HTML.
func (n Node) mermaidLabel() string {
	escape := strings.NewReplacer(`&`, "#amp;", `"`, "#quot;", "#", "#35;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", " ")
	lines := slices.Clone(n.Lines)
	for i, line := range lines {
		lines[i] = escape.Replace(line)
	}
	return strings.Join(lines, "<br>")
}
