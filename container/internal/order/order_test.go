// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/order"
)

// edges are what elements need, or want.
type edges map[int][]int

func (e edges) each(element int, fn func(int)) {
	for _, other := range e[element] {
		fn(other)
	}
}

func graph(n int, needs, wants edges, groups ...[]int) order.Graph {
	g := order.Graph{N: n, Needs: needs.each, Groups: groups, Follows: func(int, int) bool { return true }}
	if wants != nil {
		g.Wants = wants.each
	}
	if groups == nil {
		g.Groups = [][]int{{}}
		for i := range n {
			g.Groups[0] = append(g.Groups[0], i)
		}
	}
	return g
}

func TestOrders(t *testing.T) {
	cases := map[string]struct {
		graph   order.Graph
		want    []int
		groups  []int
		circles [][]int
	}{
		"nothing":       {graph: graph(0, nil, nil)},
		"as given":      {graph: graph(3, nil, nil), want: []int{0, 1, 2}},
		"needs first":   {graph: graph(3, edges{0: {2}, 2: {1}}, nil), want: []int{1, 2, 0}},
		"a diamond":     {graph: graph(4, edges{0: {1, 2}, 1: {3}, 2: {3}}, nil), want: []int{3, 1, 2, 0}},
		"two groups":    {graph: graph(4, edges{3: {1}}, nil, []int{3}, []int{0, 1, 2, 3}), want: []int{1, 3, 0, 2}, groups: []int{1, 0, 1, 0}},
		"wants first":   {graph: graph(3, edges{}, edges{0: {2}, 2: {1}}), want: []int{1, 2, 0}},
		"wants, closed": {graph: graph(2, edges{1: {0}}, edges{0: {1}}), want: []int{0, 1}},
		"wants each other": {
			graph: graph(2, nil, edges{0: {1}, 1: {0}}), want: []int{1, 0},
		},
		"a circle":           {graph: graph(3, edges{0: {1}, 1: {2}, 2: {1}}, edges{}), circles: [][]int{{1, 2}}},
		"needs itself":       {graph: graph(1, edges{0: {0}}, nil), circles: [][]int{{0}}},
		"circles of several": {graph: graph(3, edges{0: {1, 2}, 1: {0}, 2: {0}}, nil), circles: [][]int{{0, 1}, {0, 2}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := order.Sort(c.graph)
			if !reflect.DeepEqual(got.Circles, c.circles) {
				t.Errorf("circles %v, want %v", got.Circles, c.circles)
			}
			if c.circles == nil && !slices.Equal(got.Elements, c.want) {
				t.Errorf("order %v, want %v", got.Elements, c.want)
			}
			if c.groups != nil && !slices.Equal(got.Groups, c.groups) {
				t.Errorf("groups %v, want %v", got.Groups, c.groups)
			}
		})
	}
}

func TestWhatAGroupDoesNotFollowIsPlacedLater(t *testing.T) {
	g := graph(3, nil, edges{0: {2}, 1: {2}}, []int{0}, []int{1}, []int{2})
	g.Follows = func(group, _ int) bool { return group > 0 }
	if got := order.Sort(g); !slices.Equal(got.Elements, []int{0, 2, 1}) || !slices.Equal(got.Groups, []int{0, 1, 1}) {
		t.Errorf("got %v", got)
	}
}

// TestRandomOrders checks that needs come first in graphs without a circle, that
// nothing is lost, and that a want is heeded wherever it could be heeded alone.
func TestRandomOrders(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		n := 1 + r.IntN(15)
		needs, wants := edges{}, edges{}
		rank := r.Perm(n) // what is needed has a lower one
		for i := range n {
			for range r.IntN(3) {
				if j := r.IntN(n); rank[j] < rank[i] {
					needs[i] = append(needs[i], j)
				}
			}
		}
		wanting, wanted := r.IntN(n), r.IntN(n)
		wants[wanting] = []int{wanted}
		got := order.Sort(graph(n, needs, wants))
		if len(got.Circles) > 0 || len(got.Elements) != n {
			t.Fatalf("needs %v, wants %v: %v", needs, wants, got)
		}
		at := make([]int, n)
		for i, element := range got.Elements {
			at[element] = i
		}
		for i, list := range needs {
			for _, needed := range list {
				if at[needed] > at[i] {
					t.Fatalf("needs %v: %v", needs, got.Elements)
				}
			}
		}
		if !reaches(needs, wanted, wanting) && at[wanted] > at[wanting] {
			t.Fatalf("needs %v, wants %v: %v", needs, wants, got.Elements)
		}
	}
}

func reaches(needs edges, from, to int) bool {
	return from == to || slices.ContainsFunc(needs[from], func(next int) bool { return reaches(needs, next, to) })
}
