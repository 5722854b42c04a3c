// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/chain"
)

type graph [][]int

func (g graph) needs(element int, fn func(int)) {
	for _, needed := range g[element] {
		fn(needed)
	}
}

func TestChains(t *testing.T) {
	g := graph{0: {1, 2}, 1: {3}, 2: {4}, 3: {4}, 4: {}, 5: {3}, 6: {7}, 7: {6}}
	if roots := chain.Roots(len(g), g.needs); !slices.Equal(roots, []int{0, 5}) {
		t.Errorf("roots %v", roots)
	}
	cases := map[string]struct {
		roots   []int
		element int
		want    []int
	}{
		"a root":                     {[]int{0, 5}, 0, []int{0}},
		"the shortest of two":        {[]int{0}, 4, []int{0, 2, 4}},
		"from the nearest root":      {[]int{0, 5}, 3, []int{5, 3}},
		"from the first of two":      {[]int{0, 5}, 4, []int{0, 2, 4}},
		"from another root":          {[]int{5}, 4, []int{5, 3, 4}},
		"not needed by the roots":    {[]int{5}, 1, nil},
		"in a circle without a root": {[]int{0, 5}, 6, nil},
		"into a circle":              {[]int{6}, 7, []int{6, 7}},
		"no roots":                   {nil, 0, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, leftOut := chain.NewForest(len(g), c.roots, g.needs).To(c.element, 10)
			if !slices.Equal(got, c.want) || leftOut != 0 {
				t.Errorf("chain %v, want %v", got, c.want)
			}
		})
	}
}

func TestAnElementThatNeedsItselfIsARoot(t *testing.T) {
	g := graph{{0}}
	if roots := chain.Roots(1, g.needs); !slices.Equal(roots, []int{0}) {
		t.Errorf("roots %v", roots)
	}
}

// TestChainsAreTheShortest compares the chains of random graphs with distances
// that are worked out another way.
func TestChainsAreTheShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		g := make(graph, 1+r.IntN(12))
		for i := range g {
			for range r.IntN(3) {
				g[i] = append(g[i], r.IntN(len(g)))
			}
		}
		roots := []int{r.IntN(len(g))}
		distance := slices.Repeat([]int{len(g)}, len(g))
		distance[roots[0]] = 0
		for range g {
			for i := range g {
				for _, needed := range g[i] {
					distance[needed] = min(distance[needed], distance[i]+1)
				}
			}
		}
		forest := chain.NewForest(len(g), roots, g.needs)
		for element, d := range distance {
			found, _ := forest.To(element, len(g))
			if d == len(g) && found != nil || d < len(g) && len(found) != d+1 {
				t.Fatalf("graph %v from %v: chain %v to %d, want a distance of %d", g, roots, found, element, d)
			}
			for i := 1; i < len(found); i++ {
				if !slices.Contains(g[found[i-1]], found[i]) {
					t.Fatalf("graph %v: %v is no chain", g, found)
				}
			}
		}
	}
}

func TestLongChainsAreShortened(t *testing.T) {
	const n = 6
	row := func(element int, fn func(int)) {
		if element+1 < n {
			fn(element + 1)
		}
	}
	for most, want := range map[int][]int{
		10: {0, 1, 2, 3, 4, 5}, 6: {0, 1, 2, 3, 4, 5}, 5: {0, 2, 3, 4, 5}, 2: {0, 5}, 0: {0, 5},
	} {
		got, leftOut := chain.NewForest(n, []int{0}, row).To(n-1, most)
		if !slices.Equal(got, want) || leftOut != n-len(want) {
			t.Errorf("at most %d: %v and %d more, want %v", most, got, leftOut, want)
		}
	}
}

func TestDiamondsAreFollowedOnce(t *testing.T) {
	const layers = 1000
	g, calls := make(graph, 2*layers+1), 0
	for i := range 2 * layers {
		next := i/2*2 + 2
		g[i] = []int{next}
		if next < 2*layers {
			g[i] = append(g[i], next+1)
		}
	}
	forest := chain.NewForest(len(g), []int{0}, func(element int, fn func(int)) { calls++; g.needs(element, fn) })
	if found, _ := forest.To(2*layers, len(g)); len(found) != layers+1 || calls > len(g) {
		t.Errorf("a chain of %d, after %d steps", len(found), calls)
	}
	if found, _ := forest.To(1, len(g)); found != nil {
		t.Errorf("a chain %v to a second root", found)
	}
}
