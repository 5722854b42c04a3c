// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// Stop stops the beans in reverse of the order in which they were started, what
// does not depend on each other side by side, and then destroys them likewise,
// each hook within its time limit and the whole within ctx. A bean that fails,
// panics or hangs is named in the error and does not keep the others from
// stopping. Before that it ends the ApplicationRunners. During a start Stop
// cancels it and waits for its end. Stopping a context that is not started, or
// twice, is no error; a Stop that meets another one under way waits for it.
func (app *ApplicationContext) Stop(ctx context.Context) error {
	app.mu.Lock()
	r := app.run
	if r == nil {
		app.mu.Unlock()
		return nil
	}
	isFirst := !r.isStopping
	r.isStopping = true
	app.mu.Unlock()

	r.cancelStart()
	if !isClosed(r.startDone) { // what has started is stopped even if ctx is done
		select {
		case <-r.startDone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if isFirst && r.isAlive() {
		r.stop(ctx)
	}
	if !isClosed(r.stopped) {
		select {
		case <-r.stopped:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return r.stopErr
}

// isAlive reports whether the start succeeded, so that there is something to stop.
func (r *run) isAlive() bool {
	select {
	case <-r.stopped:
		return false
	default:
		return true
	}
}

func (r *run) stop(ctx context.Context) {
	lifecycle.Publish(r.app.events, lifecycle.ContextClosed{})
	ctx, cancel := withTotalLimit(ctx, "pyfly.context.total-shutdown-timeout", r.totalStop)
	defer cancel()
	r.endLife()
	select {
	case <-r.watched:
	case <-ctx.Done(): // a subscriber hangs, or is the caller
	case <-time.After(r.stopLimit):
	}
	problems := r.awaitRunners(ctx)
	err := r.runners.err()
	problems = append(problems, r.shutDown(ctx)...)
	for _, p := range problems {
		r.app.logger.Error("a bean did not stop well", "bean", p.Bean, "error", p)
		err = errors.Join(err, p)
	}
	if r.app.sumsUp() {
		r.app.logger.Info("application context stopped", "beans", r.startedBeans())
	}
	r.end(err)
}

func (r *run) startedBeans() int {
	started := 0
	for _, b := range r.graph.order {
		if b.isStarted && !b.isInfrastructure {
			started++
		}
	}
	return started
}

// end lets the context be started again.
func (r *run) end(err error) {
	r.app.mu.Lock()
	r.app.run = nil
	if isClosed(r.app.ready) {
		r.app.ready = make(chan struct{})
	}
	r.app.mu.Unlock()
	r.stopErr = err
	close(r.stopped)
}

// shutDown stops what was started and destroys what was built.
func (r *run) shutDown(ctx context.Context) []*Problem {
	r.endLife()
	defer r.app.beans.Store(nil)
	if r.maker == nil {
		return nil
	}
	s := &stopping{run: r, ctx: ctx}
	s.awaitCreations()
	stages := r.stages()
	for _, stage := range slices.Backward(stages) {
		s.each(stage, func(b *bean) bool { return b.isStarted && hasStop(b) }, s.stop)
	}
	for _, stage := range slices.Backward(stages) {
		s.each(stage, hasDestruction, s.destroy)
	}
	return s.problems
}

// stopping is the end of a run.
type stopping struct {
	run *run
	ctx context.Context

	mu       sync.Mutex
	problems []*Problem
}

func (s *stopping) note(p *Problem) {
	if p != nil {
		s.mu.Lock()
		s.problems = append(s.problems, p)
		s.mu.Unlock()
	}
}

// awaitCreations lets nothing be made any more, and waits for what is being
// made, a lazy bean for instance, as for a hook.
func (s *stopping) awaitCreations() {
	idle := s.run.maker.close()
	limit := time.NewTimer(s.run.stopLimit)
	defer limit.Stop()
	select {
	case <-idle:
	case <-s.run.maker.abandoned:
	case <-s.ctx.Done():
	case <-limit.C:
	}
}

// each runs work for the beans of a stage that have some, each after those that
// need it.
func (s *stopping) each(stage []*bean, hasWork func(*bean) bool, work func(*bean)) {
	if !slices.ContainsFunc(stage, hasWork) {
		return
	}
	reversed := slices.Clone(stage)
	slices.Reverse(reversed)
	schedule := newSchedule(reversed, true)
	schedule.limit = s.run.parallelism
	schedule.isLong = hasWork
	schedule.mayBegin = func() bool { return true }
	schedule.work = func(b *bean) {
		if hasWork(b) {
			work(b)
		}
	}
	schedule.run()
}

func (s *stopping) stop(b *bean) {
	if b.hasRunOnStart {
		for _, fn := range slices.Backward(b.onStop) {
			s.note(s.run.callHook(s.ctx, b, "OnStop", s.run.stopLimit, b.bind(fn)))
		}
	}
	if stopper, ok := hook[lifecycle.Stopper](b); ok {
		s.note(s.run.callHook(s.ctx, b, "Stop", s.run.stopLimit, stopper.Stop))
	}
}

func hasDestruction(b *bean) bool {
	if b.original == nil || b.isInfrastructure {
		return false
	}
	_, ok := hook[lifecycle.PreDestroyer](b)
	return ok || b.cleanup != nil || slices.ContainsFunc(b.seers, isDestructionAware)
}

func isDestructionAware(p activeProcessor) bool {
	_, ok := p.BeanPostProcessor.(lifecycle.DestructionAware)
	return ok
}

// destroy tells the processors, calls PreDestroy and then what the constructor
// returned to clean up.
func (s *stopping) destroy(b *bean) {
	for _, p := range slices.Backward(b.seers) {
		aware, ok := p.BeanPostProcessor.(lifecycle.DestructionAware)
		if !ok {
			continue
		}
		isMeant, err := p.isMeantFor(reflect.TypeOf(b.object))
		if err == nil && !isMeant {
			continue
		}
		s.note(s.run.callHook(s.ctx, b, "BeforeDestroy by "+p.bean.name, s.run.stopLimit, func(context.Context) error {
			if err != nil {
				return err
			}
			return aware.BeforeDestroy(b.object, b.name)
		}))
	}
	if destroyer, ok := hook[lifecycle.PreDestroyer](b); ok {
		s.note(s.run.callHook(s.ctx, b, "PreDestroy", s.run.stopLimit, destroyer.PreDestroy))
	}
	if b.cleanup != nil {
		s.note(s.run.callHook(s.ctx, b, "cleanup", s.run.stopLimit, func(context.Context) error { return b.cleanup() }))
	}
}
