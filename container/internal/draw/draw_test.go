// SPDX-License-Identifier: Apache-2.0

package draw_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/draw"
)

var picture = draw.Graph{
	Nodes: []draw.Node{
		{Name: `a "b"`, Lines: []string{`a "b" \ & #`, "*shop.A<`T`>"}},
		{Name: "late", Lines: []string{"late"}, Phase: 2, IsDashed: true},
		{Name: "early", Lines: []string{"early"}, Phase: -1, IsProcessor: true, HasFailed: true},
		{Name: "later", Lines: []string{"later"}, Phase: 2},
	},
	Edges: []draw.Edge{{From: "late", To: `a "b"`}, {From: "later", To: "late", Kind: draw.DependsOn}, {From: "early", To: "late", Kind: draw.MayGet}},
}

func TestDOT(t *testing.T) {
	const want = `digraph beans {
	rankdir=LR;
	node [shape=box, style="rounded", fontname="sans-serif"];
	subgraph "cluster phase -1" {
		label="phase -1"; style=dotted;
		"early" [label="early", style="rounded,filled", fillcolor="lightblue", color="red", fontcolor="red"];
	}
	"a \"b\"" [label="a \"b\" \\ & #\n*shop.A<` + "`T`" + `>", style="rounded"];
	subgraph "cluster phase 2" {
		label="phase 2"; style=dotted;
		"late" [label="late", style="rounded,dashed"];
		"later" [label="later", style="rounded"];
	}
	"late" -> "a \"b\"";
	"later" -> "late" [style=dotted];
	"early" -> "late" [style=dashed, constraint=false];
}
`
	if got := picture.DOT(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMermaid(t *testing.T) {
	const want = `flowchart LR
  subgraph phase0["phase -1"]
    n2("early")
  end
  n0("a #quot;b#quot; \ #amp; #35;<br>*shop.A#lt;#96;T#96;#gt;")
  subgraph phase2["phase 2"]
    n1("late")
    n3("later")
  end
  n1 --> n0
  n3 -- depends on --> n1
  n2 -. may get .-> n1
  classDef processor fill:#cde4f5
  class n2 processor
  classDef dashed stroke-dasharray:4
  class n1 dashed
  classDef failed stroke:#d00,color:#d00
  class n2 failed
`
	if got := picture.Mermaid(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
