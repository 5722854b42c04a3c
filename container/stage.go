// SPDX-License-Identifier: Apache-2.0

package container

import (
	"slices"

	"github.com/pyfly-go/pyfly/container/internal/phase"
	"github.com/pyfly-go/pyfly/container/internal/schedule"
)

// stage is a part of the instances of a run, in order, known by their places. The
// stages of a start are started one after the other.
type stage []*instance

// stages divides the instances that have been made into the processors and what
// they need, and the others, and these phase by phase.
func (r *run) stages() (stages []stage) {
	for _, s := range r.early() {
		stages = append(stages, s.planned().stages()...)
	}
	return stages
}

// early divides the instances that have been made into the processors and what
// they need, and the others.
func (r *run) early() [2]stage {
	settled := r.maker.settled()
	split := slices.IndexFunc(settled, func(i *instance) bool { return !i.isEarly })
	if split < 0 {
		split = len(settled)
	}
	return [...]stage{settled[:split], settled[split:]}
}

// predecessors returns a function that calls fn with the places of what must be
// started before an instance, as far as it is in the stage.
func (s stage) predecessors() func(place int, fn func(before int)) {
	places := make(map[*node]int, len(s))
	for place, i := range s {
		places[i.node] = place
	}
	return func(place int, fn func(before int)) {
		s[place].eachPredecessor(func(n *node) {
			if before, ok := places[n]; ok {
				fn(before)
			}
		})
	}
}

// schedule runs work for each instance after what must be started before it.
func (s stage) schedule(r *run, isLong func(*instance) bool, work func(*instance), mayBegin func() bool) {
	s.run(schedule.New(len(s), s.predecessors()), r, isLong, work, mayBegin)
}

// scheduleReverse runs work for each instance before what must be started before
// it.
func (s stage) scheduleReverse(r *run, isLong func(*instance) bool, work func(*instance)) {
	s.run(schedule.NewReverse(len(s), s.predecessors()), r, isLong, work, nil)
}

func (s stage) run(plan *schedule.Schedule, r *run, isLong func(*instance) bool, work func(*instance), mayBegin func() bool) {
	plan.Limit, plan.MayBegin = r.parallelism, mayBegin
	plan.IsLong = func(place int) bool { return isLong(s[place]) }
	plan.Work = func(place int) { work(s[place]) }
	plan.Run()
}

// phases says in which phase each instance of a stage is started: in its own, or in
// that of one that needs it if that is earlier.
type phases struct {
	stage
	plan phase.Plan
}

func (s stage) planned() phases {
	if !slices.ContainsFunc(s, func(i *instance) bool { return i.phase != 0 }) {
		return phases{stage: s}
	}
	own := make([]phase.Phase, len(s))
	for place, i := range s {
		own[place] = phase.Phase{Number: i.phase, Exists: i.hasStart() || i.hasStop()}
	}
	return phases{s, phase.NewPlan(own, s.predecessors())}
}

func (p phases) stages() (stages []stage) {
	if p.plan.Phases == nil { // all are of phase 0
		return []stage{p.stage}
	}
	for _, places := range p.plan.Stages() {
		s := make(stage, len(places))
		for i, place := range places {
			s[i] = p.stage[place]
		}
		stages = append(stages, s)
	}
	return stages
}

// warnOfEarlyPhases names the beans that are started in an earlier phase than the
// one that they were given.
func (r *run) warnOfEarlyPhases() {
	for _, s := range r.early() {
		p := s.planned()
		for place, by := range p.plan.Because {
			if i := s[place]; by != place && i.hasPhase && (i.hasStart() || i.hasStop()) {
				r.app.logger.Warn("a bean is started in an earlier phase than its own, for another needs it",
					"bean", i.name, "phase", i.phase, "needed by", s[by].name, "in phase", p.plan.Phases[place].Number)
			}
		}
	}
}
