// SPDX-License-Identifier: Apache-2.0

package container

import (
	"slices"

	"github.com/pyfly-go/pyfly/container/internal/schedule"
)

// stage is a part of the instances of a run, in order, known by their places. The
// stages of a start are started one after the other.
type stage []*instance

// stages divides the instances that have been made into the processors and what
// they need, and the others, and these phase by phase.
func (r *run) stages(isStart bool) (stages []stage) {
	for _, s := range r.early() {
		p := s.planned()
		if isStart {
			p.warnOfEarly(r.app.guarded)
		}
		stages = append(stages, p.stages()...)
	}
	return stages
}

// early divides the instances that have been made into the processors and what
// they need, and the others.
func (r *run) early() [2]stage {
	settled := r.maker.settled()
	for _, i := range slices.Backward(settled) {
		if i.initialised == nil || !i.initialised.isOffered {
			i.first = i
		}
	}
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
		each := func(n *node) {
			if before, ok := places[n]; ok {
				fn(before)
			}
		}
		s[place].eachPredecessor(each)
		if !s[place].isFirst() { // it is the same object as the first
			each(s[place].first.node)
		}
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
