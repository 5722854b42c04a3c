// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"fmt"
	"strings"
)

// DOT renders the graph in the language of Graphviz.
func (g Graph) DOT() string {
	var text strings.Builder
	text.WriteString("digraph beans {\n\trankdir=LR;\n\tnode [shape=box, style=\"rounded\", fontname=\"sans-serif\"];\n")
	for _, frame := range g.frames() {
		indent := "\t"
		if frame.phase != 0 {
			fmt.Fprintf(&text, "\tsubgraph \"cluster phase %d\" {\n\t\tlabel=\"phase %d\"; style=dotted;\n", frame.phase, frame.phase)
			indent = "\t\t"
		}
		for _, place := range frame.nodes {
			n := g.Nodes[place]
			fmt.Fprintf(&text, "%s%s [label=%s%s];\n", indent, dotQuote(n.Name), dotQuote(strings.Join(n.Lines, "\n")), n.dotStyle())
		}
		if frame.phase != 0 {
			text.WriteString("\t}\n")
		}
	}
	for _, e := range g.Edges {
		style := ""
		switch e.Kind {
		case DependsOn:
			style = " [style=dotted]"
		case MayGet:
			style = " [style=dashed, constraint=false]"
		}
		fmt.Fprintf(&text, "\t%s -> %s%s;\n", dotQuote(e.From), dotQuote(e.To), style)
	}
	text.WriteString("}\n")
	return text.String()
}

func (n Node) dotStyle() string {
	styles, colours := []string{"rounded"}, ""
	if n.IsDashed {
		styles = append(styles, "dashed")
	}
	if n.IsProcessor {
		styles = append(styles, "filled")
		colours = ", fillcolor=\"lightblue\""
	}
	if n.HasFailed {
		colours += ", color=\"red\", fontcolor=\"red\""
	}
	return fmt.Sprintf(", style=%q%s", strings.Join(styles, ","), colours)
}

// dotQuote makes a string of the language, with \n for line breaks.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
