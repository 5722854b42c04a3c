// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"slices"

	"github.com/pyfly-go/pyfly/container/internal/phase"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// stages divides the beans that have been made, in order, into what is started
// one after the other: the processors and what they need, then phase by phase.
func (r *run) stages() [][]*bean {
	early, others := r.early()
	return append(planPhases(early).stages(), planPhases(others).stages()...)
}

// early returns the beans that have been made, in order: the processors and what
// they need, and the others.
func (r *run) early() (early, others []*bean) {
	settled := r.maker.settled()
	split := slices.IndexFunc(settled, func(b *bean) bool { return !b.isEarly })
	if split < 0 {
		split = len(settled)
	}
	return settled[:split], settled[split:]
}

// phasePlan says in which phase each of some beans is started: in its own, or in
// that of a bean that needs it if that is earlier.
type phasePlan struct {
	beans []*bean
	plan  phase.Plan
}

func planPhases(beans []*bean) phasePlan {
	if !slices.ContainsFunc(beans, func(b *bean) bool { return b.startPhase != 0 }) {
		return phasePlan{beans: beans}
	}
	own, places := make([]phase.Phase, len(beans)), make(map[*bean]int, len(beans))
	for i, b := range beans {
		own[i] = phase.Phase{Number: b.startPhase, Exists: hasStart(b) || hasStop(b)}
		places[b] = i
	}
	return phasePlan{beans, phase.NewPlan(own, func(place int, fn func(int)) {
		beans[place].eachPredecessor(func(needed *bean) {
			if i, ok := places[needed]; ok {
				fn(i)
			}
		})
	})}
}

func (p phasePlan) stages() (stages [][]*bean) {
	if p.plan.Phases == nil { // all are of phase 0
		return [][]*bean{p.beans}
	}
	for _, places := range p.plan.Stages() {
		stage := make([]*bean, len(places))
		for i, place := range places {
			stage[i] = p.beans[place]
		}
		stages = append(stages, stage)
	}
	return stages
}

// warnOfEarlyPhases names the beans that are started in an earlier phase than the
// one that they were given.
func (r *run) warnOfEarlyPhases() {
	early, others := r.early()
	for _, p := range []phasePlan{planPhases(early), planPhases(others)} {
		for i, by := range p.plan.Because {
			if b := p.beans[i]; by != i && b.hasPhase && (hasStart(b) || hasStop(b)) {
				r.app.logger.Warn("a bean is started in an earlier phase than its own, for another needs it",
					"bean", b.name, "phase", b.startPhase, "needed by", p.beans[by].name, "in phase", p.plan.Phases[i].Number)
			}
		}
	}
}

// readPhases asks every bean for its phase, once.
func (r *run) readPhases() (problems []*Problem) {
	for _, b := range r.graph.order {
		if b.phase != nil {
			b.startPhase, b.hasPhase = *b.phase, true
			continue
		}
		phased, ok := hook[lifecycle.Phased](b)
		if !ok || b.isInfrastructure {
			continue
		}
		b.hasPhase = true
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
