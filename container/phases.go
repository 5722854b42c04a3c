// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/pyfly-go/pyfly/container/internal/phase"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// readPhase asks an object for its phase, unless the option gives it.
func (i *instance) readPhase() *Problem {
	if i.givenPhase != nil {
		i.phase, i.hasPhase = *i.givenPhase, true
		return nil
	}
	phased, ok := hookAt[lifecycle.Phased](i, true)
	if !ok {
		return nil
	}
	i.hasPhase = true
	err := usercode.Call(func() error { i.phase = phased.Phase(); return nil })
	if err == nil {
		return nil
	}
	p := &Problem{Code: CodeHook, Bean: i.name, Err: err, What: fmt.Sprintf("Phase of %s failed: %v", i.name, err)}
	return p.detail("bean", i.describe())
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

// warnOfEarly names the beans that are started in an earlier phase than the one that
// they were given.
func (p phases) warnOfEarly(logger *slog.Logger) {
	for place, by := range p.plan.Because {
		if i := p.stage[place]; by != place && i.hasPhase && (i.hasStart() || i.hasStop()) {
			logger.Warn("a bean is started in an earlier phase than its own because another needs it",
				"bean", i.name, "phase", i.phase, "needed by", p.stage[by].name, "in phase", p.plan.Phases[place].Number)
		}
	}
}
