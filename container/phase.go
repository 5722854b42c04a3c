// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"math"
	"slices"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// stages divides the beans that have been made, in order, into what is started
// one after the other: the processors and what they need, then phase by phase.
func (r *run) stages() [][]*bean {
	settled := r.maker.settled()
	split := slices.IndexFunc(settled, func(b *bean) bool { return !b.isEarly })
	if split < 0 {
		split = len(settled)
	}
	var stages [][]*bean
	for _, beans := range [][]*bean{settled[:split], settled[split:]} {
		stages = append(stages, r.byPhase(beans)...)
	}
	return stages
}

// unphased is the phase of beans that need no start: it constrains nothing.
const unphased = math.MaxInt

// byPhase divides beans by the phase in which each is started: its own, or that
// of a bean that needs it if that is earlier.
func (r *run) byPhase(beans []*bean) [][]*bean {
	if !slices.ContainsFunc(beans, func(b *bean) bool { return b.startPhase != 0 }) {
		return [][]*bean{beans}
	}
	phase := make(map[*bean]int, len(beans))
	for _, b := range beans {
		phase[b] = unphased
		if hasStart(b) || hasStop(b) {
			phase[b] = b.startPhase
		}
	}
	for _, b := range slices.Backward(beans) {
		b.eachPredecessor(func(needed *bean) {
			own, ok := phase[needed]
			if !ok || own <= phase[b] {
				return
			}
			if own != unphased {
				r.app.logger.Warn("a bean is started in an earlier phase than its own, for another needs it",
					"bean", needed.name, "phase", own, "needed by", b.name, "in phase", phase[b])
			}
			phase[needed] = phase[b]
		})
	}
	ordered := slices.Clone(beans)
	slices.SortStableFunc(ordered, func(a, b *bean) int {
		switch {
		case phase[a] < phase[b]:
			return -1
		case phase[a] > phase[b]:
			return 1
		}
		return 0
	})
	return slices.Collect(chunksBy(ordered, func(b *bean) int { return phase[b] }))
}

// chunksBy divides a list into runs of one key.
func chunksBy(beans []*bean, key func(*bean) int) func(yield func([]*bean) bool) {
	return func(yield func([]*bean) bool) {
		for len(beans) > 0 {
			end := slices.IndexFunc(beans, func(b *bean) bool { return key(b) != key(beans[0]) })
			if end < 0 {
				end = len(beans)
			}
			if !yield(beans[:end]) {
				return
			}
			beans = beans[end:]
		}
	}
}

// readPhases asks every bean for its phase, once.
func (r *run) readPhases() (problems []*Problem) {
	for _, b := range r.graph.order {
		if b.phase != nil {
			b.startPhase = *b.phase
			continue
		}
		phased, ok := hook[lifecycle.Phased](b)
		if !ok || b.isInfrastructure {
			continue
		}
		if err := usercode.Call(func() error { b.startPhase = phased.Phase(); return nil }); err != nil {
			p := &Problem{Code: CodeHook, Bean: b.name, Err: err, What: fmt.Sprintf("Phase of %s failed: %v", b.name, err)}
			problems = append(problems, p.detail("bean", b.describe()))
		}
	}
	return problems
}

func hasStart(b *bean) bool {
	_, ok := hook[lifecycle.Starter](b)
	return !b.isInfrastructure && (ok || len(b.onStart) > 0)
}

func hasStop(b *bean) bool {
	_, ok := hook[lifecycle.Stopper](b)
	return !b.isInfrastructure && (ok || len(b.onStop) > 0)
}
