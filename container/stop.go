// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Stop stops the application. It publishes lifecycle.ShutdownStarted, lets an
// application that was ready serve on for pyfly.context.shutdown-delay or until ctx
// ends, and publishes lifecycle.ContextClosed. It then ends the ApplicationRunners,
// stops the beans in reverse of the order in which they were started, those that do
// not depend on each other side by side, and destroys them likewise, each hook
// within its time limit and the whole within ctx. A bean that fails, panics or hangs
// is named in the error and does not keep the others from stopping.
//
// During a start, Stop cancels the start and waits for its end. Stopping a context
// that is not started, or stopping it twice, is not an error. A Stop that meets
// another one under way waits for it until its own ctx ends. Called by a subscriber
// of lifecycle.ShutdownStarted or ContextClosed, it returns nil at once, because the
// other one waits for the subscriber.
func (app *ApplicationContext) Stop(ctx context.Context) error {
	app.mu.Lock()
	r := app.run
	if r == nil {
		app.mu.Unlock()
		return nil
	}
	isFirst := !r.isStopping
	if isFirst {
		r.isStopping = true
		if r.wasReady {
			app.ready = make(chan struct{})
		}
	}
	app.mu.Unlock()
	subscriber := r.subscribers.ofCaller()
	if subscriber != nil {
		subscriber.isInStop.Store(true)
		defer subscriber.isInStop.Store(false)
	}

	r.cancelStart()
	if !isClosed(r.startDone) { // what has started is stopped even if ctx is done
		select {
		case <-r.startDone:
		case <-ctx.Done():
			if isFirst {
				close(r.stopGivenUp)
			}
			return ctx.Err()
		}
	}
	if isFirst && r.isAlive() {
		r.stop(ctx)
	}
	if !isClosed(r.stopped) {
		if subscriber.isOfShutdown() {
			return nil
		}
		select {
		case <-r.stopped:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return r.stopErr
}

// isEnding reports whether a Stop has begun.
func (r *run) isEnding() bool {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	return r.isStopping
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
	isAnnounced := r.serveOn(ctx)
	ctx, cancel := whole(ctx, totalStopKey, r.totalStop)
	defer cancel()
	if !isAnnounced {
		r.publishSideBySide(ctx, lifecycle.ShutdownStarted{}, r.stopLimit)
	}
	r.publish(ctx, lifecycle.ContextClosed{}, r.stopLimit)
	r.endLife()
	r.awaitWatch(ctx)
	problems := r.awaitRunners(ctx)
	errs := []error{r.runners.err()}
	problems = append(problems, r.shutDown(ctx)...)
	for _, p := range problems {
		r.app.guarded.Error("a bean did not stop cleanly", "bean", p.Bean, "error", p)
		errs = append(errs, p)
	}
	if r.app.sumsUp() {
		r.app.guarded.Info("application context stopped", "beans", r.startedBeans())
	}
	r.end(errors.Join(errs...))
}

// awaitWatch waits for the end of the watch, unless one of its subscribers hangs or is
// the caller.
func (r *run) awaitWatch(ctx context.Context) {
	patience, cancel := hook.Patience(ctx, r.stopLimit)
	defer cancel()
	isClosedBefore(r.watched, patience.Done())
}

func (r *run) startedBeans() int {
	started := 0
	for _, i := range r.maker.settled() {
		if i.isStarted.Load() && !i.isInfrastructure {
			started++
		}
	}
	return started
}

// end lets the context be started again.
func (r *run) end(err error) {
	r.endEvents()
	r.app.mu.Lock()
	r.app.run = nil
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
	s.awaitMaking()
	stages := r.stages(false)
	for _, stage := range slices.Backward(stages) {
		s.each(stage, func(i *instance) bool { return i.isStarted.Load() && i.hasStop() }, s.stop)
	}
	for _, stage := range slices.Backward(stages) {
		s.each(stage, (*instance).hasDestruction, s.destroy)
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

// awaitMaking lets nothing be made any more, and waits for what is being made, a
// lazy bean for instance, as for a hook.
func (s *stopping) awaitMaking() {
	idle := s.run.maker.close()
	patience, cancel := hook.Patience(s.ctx, s.run.stopLimit)
	defer cancel()
	if !isClosedBefore(idle, patience.Done()) {
		s.problems = append(s.problems, s.run.maker.giveUpAll()...)
	}
}

// each runs work for the beans of a stage that have some, each after those that
// need it.
func (s *stopping) each(stage stage, hasWork func(*instance) bool, work func(*instance)) {
	if !slices.ContainsFunc(stage, hasWork) {
		return
	}
	stage.scheduleReverse(s.run, hasWork, func(i *instance) {
		if hasWork(i) {
			work(i)
		}
	})
}

// stop calls the functions of OnStop, and Stop in its turn.
func (s *stopping) stop(i *instance) {
	s.stopOptions(i)
	if stopper, ok := hookAt[lifecycle.Stopper](i, i.isFirst()); ok {
		s.note(s.run.callHook(s.ctx, i, "Stop", s.run.stopLimit, stopper.Stop))
	}
}

func (s *stopping) stopOptions(i *instance) {
	if !i.hasRunOnStart {
		return
	}
	for _, fn := range slices.Backward(i.onStop) {
		s.note(s.run.callHook(s.ctx, i, "OnStop", s.run.stopLimit, i.bind(fn)))
	}
}

// destroy tells the processors, calls PreDestroy and then what the constructor
// returned to clean up.
func (s *stopping) destroy(i *instance) {
	if of := i.initialised; i.isFirst() {
		for _, p := range slices.Backward(i.told) {
			aware := p.BeanPostProcessor.(lifecycle.DestructionAware)
			s.note(s.run.callHook(s.ctx, i, "BeforeDestroy by "+p.node.name, s.run.stopLimit, func(context.Context) error {
				return aware.BeforeDestroy(of.object, of.name)
			}))
		}
	}
	if destroyer, ok := hookAt[lifecycle.PreDestroyer](i, i.isFirst()); ok {
		s.note(s.run.callHook(s.ctx, i, "PreDestroy", s.run.stopLimit, destroyer.PreDestroy))
	}
	s.cleanUp(i)
}

func (s *stopping) cleanUp(i *instance) {
	if i.cleanup != nil {
		s.note(s.run.callHook(s.ctx, i, "cleanup", s.run.stopLimit, func(context.Context) error { return i.cleanup() }))
	}
}
