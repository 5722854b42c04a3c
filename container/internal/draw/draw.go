// SPDX-License-Identifier: Apache-2.0

// Package draw renders a graph in the languages of Graphviz and Mermaid.
package draw

import (
	"maps"
	"slices"
)

// Graph is a picture.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Node is a box. Nodes are told apart by their names.
type Node struct {
	Name        string
	Lines       []string // what is written on it
	Phase       int      // nodes of one phase, if that is not 0, are framed together
	IsProcessor bool
	IsDashed    bool
	HasFailed   bool
}

// Edge is an arrow between the nodes of two names.
type Edge struct {
	From, To string
	Kind     Kind
}

// Kind is how an arrow looks.
type Kind int

// The kinds of arrows.
const (
	Needs Kind = iota
	DependsOn
	MayGet
)

// frame is the nodes of one phase, by their places.
type frame struct {
	phase int
	nodes []int
}

// frames lists the phases, the lowest first.
func (g Graph) frames() (frames []frame) {
	nodes := map[int][]int{}
	for i, n := range g.Nodes {
		nodes[n.Phase] = append(nodes[n.Phase], i)
	}
	for _, phase := range slices.Sorted(maps.Keys(nodes)) {
		frames = append(frames, frame{phase, nodes[phase]})
	}
	return frames
}
