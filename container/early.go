// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/chain"
	"github.com/pyfly-go/pyfly/container/internal/hook"
)

// earlyBean was created because a processor needed it: it has missed that
// processor and those after it.
type earlyBean struct {
	bean     *instance
	neededBy *node
}

func (m *maker) noteEarly(i *instance, neededBy *node) {
	m.mu.Lock()
	m.early = append(m.early, earlyBean{i, neededBy})
	m.mu.Unlock()
}

// warnOfEarlyBeans names each bean that was created too early to be seen by a
// processor meant for it, and the chain that asked for it.
func (m *maker) warnOfEarlyBeans() {
	m.mu.Lock()
	early, processors := m.early, m.processors
	m.mu.Unlock()
	chains := map[*node]chain.Forest{}
	for _, e := range early {
		if e.bean.isProcessor {
			continue
		}
		var missed []string
		for _, p := range processors[len(e.bean.seers):] {
			if m.wouldSee(p, reflect.TypeOf(e.bean.object)) {
				missed = append(missed, p.node.name)
			}
		}
		if len(missed) == 0 {
			continue
		}
		chain, known := chains[e.neededBy]
		if !known {
			chain = m.graph.chainsFrom(e.neededBy.position)
			chains[e.neededBy] = chain
		}
		m.run.app.guarded.Warn("a bean was created before post-processors that were meant to see it",
			"bean", e.bean.name, "missed", strings.Join(missed, ", "), "chain", m.graph.chain(chain, e.bean.node))
	}
}

// wouldSee asks a processor outside of the making of a bean.
func (m *maker) wouldSee(p activeProcessor, t reflect.Type) (isMeant bool) {
	if p.processes == nil {
		return true
	}
	answer := make(chan bool, 1)
	err := hook.Call(m.ctx, m.run.startLimit, func(context.Context) error { answer <- p.processes(t); return nil })
	return err == nil && <-answer
}
