// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/chain"
)

// chainFrom finds the ways by which some beans need others. Beans are known by
// their place in the order.
func (g *graph) chainsFrom(roots ...int) chain.Forest {
	return chain.NewForest(len(g.order), roots, g.eachNeed)
}

func (g *graph) eachNeed(place int, fn func(needed int)) {
	for _, needed := range g.order[place].needs {
		fn(needed.position)
	}
}

// chain is the way by which one bean needs another: "a -> b -> c".
func (g *graph) chain(forest chain.Forest, to *node) string {
	places, leftOut := forest.To(to.position, maxChain)
	names := make([]string, len(places))
	for i, place := range places {
		names[i] = g.order[place].name
	}
	if leftOut > 0 {
		names = slices.Insert(names, 1, more(leftOut))
	}
	return strings.Join(names, " -> ")
}

// maxChain is how many beans of a chain are named.
const maxChain = 20

func more(n int) string { return fmt.Sprintf("(%d more)", n) }

// chainTo is the shortest way by which a bean that nobody needs comes to need b.
// It is "" if nobody needs b.
func (g *graph) chainTo(b *node) string {
	if g.fromRoots == nil {
		forest := g.chainsFrom(chain.Roots(len(g.order), g.eachNeed)...)
		g.fromRoots = &forest
	}
	if places, _ := g.fromRoots.To(b.position, 2); len(places) < 2 {
		return ""
	}
	return g.chain(*g.fromRoots, b)
}

// wantedChain is a detail of a problem that can be told only when all beans are
// resolved.
type wantedChain struct {
	problem *Problem
	detail  int
	to      *node
}

// detailChain adds the chain to b to a problem, if there is one.
func (g *graph) detailChain(p *Problem, b *node) {
	g.chains = append(g.chains, wantedChain{p, len(p.Details), b})
	p.Details = append(p.Details, Detail{Label: "chain"})
}

func (g *graph) tellChains() {
	for _, c := range g.chains {
		if text := g.chainTo(c.to); text != "" {
			c.problem.Details[c.detail].Text = text
		} else {
			c.problem.Details = slices.Delete(c.problem.Details, c.detail, c.detail+1)
		}
	}
}

// tellChainsOf adds to problems that arose while beans were made how it came
// that each was wanted.
func (g *graph) tellChainsOf(problems []*Problem) {
	for _, p := range problems {
		b := g.byName[p.Bean]
		if b == nil || kindOfCode[p.Code] != nil || p.Code == CodeRegistration || p.Code == CodeDuplicate {
			continue
		}
		p.detail("chain", g.chainTo(b))
	}
}
