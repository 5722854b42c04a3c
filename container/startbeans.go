// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// startBeans starts stage after stage, and then the lazy beans that were built
// meanwhile.
func (r *run) startBeans(ctx context.Context) []*Problem {
	s := &starting{run: r}
	s.ctx, s.giveUp = context.WithCancel(ctx)
	defer s.giveUp()
	for _, stage := range r.stages(true) {
		if s.goesOn() {
			s.start(stage)
		}
	}
	for s.goesOn() {
		late := r.maker.takeLate()
		if late == nil {
			break
		}
		s.begin(late)
	}
	if len(s.problems) == 0 && ctx.Err() != nil {
		return []*Problem{r.cancelled(ctx)}
	}
	return s.problems
}

// starting is the part of a start in which beans are started.
type starting struct {
	run    *run
	ctx    context.Context
	giveUp context.CancelFunc

	mu       sync.Mutex
	problems []*Problem // the first is what made the start fail
}

// goesOn reports whether nothing has failed and nobody has given the start up.
func (s *starting) goesOn() bool { return s.ctx.Err() == nil }

// start starts the beans of a stage but the lazy ones, whose turn comes after all
// others.
func (s *starting) start(stage stage) {
	work := func(i *instance) {
		if i.isEager {
			s.begin(i)
		}
	}
	if slices.ContainsFunc(stage, (*instance).hasStart) {
		stage.schedule(s.run, (*instance).hasStart, work, s.goesOn)
		return
	}
	for _, i := range stage {
		work(i)
	}
}

func (s *starting) begin(i *instance) {
	problem := s.run.startBean(s.ctx, i)
	if problem == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	isConsequence := len(s.problems) > 0 && errors.Is(problem.Err, context.Canceled)
	if !isConsequence {
		s.problems = append(s.problems, problem)
	}
	s.giveUp()
}

func (r *run) startBean(ctx context.Context, i *instance) *Problem {
	if starter, ok := hookAt[lifecycle.Starter](i, !i.isStarted.Load()); ok {
		if problem := r.callHook(ctx, i, "Start", r.startLimit, starter.Start); problem != nil {
			return problem
		}
	}
	i.isStarted.Store(true)
	for _, fn := range i.onStart {
		if problem := r.callHook(ctx, i, "OnStart", r.startLimit, i.bind(fn)); problem != nil {
			return problem
		}
	}
	i.hasRunOnStart = true
	return nil
}

// bind lets a function of OnStart or OnStop take the bean: what the constructor
// returned, if a replacement is of another type.
func (i *instance) bind(fn hookFunc) func(context.Context) error {
	bean := i.original
	if reflect.TypeOf(i.object) == reflect.TypeOf(i.original) {
		bean = i.object
	}
	return func(ctx context.Context) error { return fn(ctx, bean) }
}
