// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// ErrStarted is returned by Start when the context has been started and not
// stopped.
var ErrStarted = errors.New("the application context is already started: call Stop before starting it again")

const defaultHookLimit = 30 * time.Second

// run is one life of the context, from Start to Stop.
type run struct {
	app         *ApplicationContext
	order       []*definition // everything needed comes before what needs it
	started     []*definition
	startLimit  time.Duration
	stopLimit   time.Duration
	cancelStart context.CancelFunc
	startDone   chan struct{} // closed when Start returns
	stopping    bool
	stopped     chan struct{} // closed when all has ended
	stopErr     error
	begun       time.Time
}

// Start builds every bean and starts those that have a Start method, each
// after what it depends on. When it fails, everything that was started has been
// stopped and everything that was built has been destroyed, and the error is a
// [*StartupError] that reports all mistakes. Cancelling ctx before Start
// returns gives up the start; afterwards ctx has no effect.
//
// A second Start without a Stop is [ErrStarted]. A context that was stopped, or
// failed to start, may be started again: all beans are made anew.
func (app *ApplicationContext) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{
		app: app, cancelStart: cancel, begun: time.Now(),
		startDone: make(chan struct{}), stopped: make(chan struct{}),
	}
	app.mu.Lock()
	if app.run != nil {
		app.mu.Unlock()
		return ErrStarted
	}
	app.run = r
	app.mu.Unlock()

	problems := r.start(ctx)
	if len(problems) > 0 {
		problems = append(problems, r.shutDown(context.WithoutCancel(ctx))...)
		r.end(nil)
	}
	close(r.startDone)
	if len(problems) > 0 {
		return &StartupError{Problems: problems}
	}
	r.announce()
	return nil
}

// announce publishes that the context is up. Start is over by then, so that a
// subscriber may call Stop.
func (r *run) announce() {
	lifecycle.Publish(r.app.events, lifecycle.ContextRefreshed{})
	if r.isAlive() {
		r.logStarted()
		lifecycle.Publish(r.app.events, lifecycle.ApplicationReady{})
	}
}

// start takes the context to the point where all beans are started.
func (r *run) start(ctx context.Context) []*Problem {
	graph, problems := r.prepare()
	if len(problems) > 0 {
		return problems
	}
	r.order = graph.inStartOrder()
	b := &builder{
		ctx: ctx, app: r.app, graph: graph, limit: r.startLimit,
	}
	if problems := b.build(); len(problems) > 0 {
		return problems
	}
	r.warnOfUnknownKeys()
	r.app.beans.Store(newBeans(graph))
	if problem := r.startBeans(ctx); problem != nil {
		return []*Problem{problem}
	}
	return nil
}

// prepare works out the graph and collects all that can be known to be wrong
// before any constructor runs.
func (r *run) prepare() (*graph, []*Problem) {
	problems := slices.Clone(r.app.problems)
	var settingProblems []*Problem
	r.startLimit, settingProblems = r.hookLimit("pyfly.context.start-timeout", r.app.options.startTimeout)
	problems = append(problems, settingProblems...)
	r.stopLimit, settingProblems = r.hookLimit("pyfly.context.shutdown-timeout", r.app.options.stopTimeout)
	problems = append(problems, settingProblems...)
	for _, validate := range r.app.validators {
		err := protect(func() error { return validate(r.app.config) })
		problems = append(problems, problemsOf(err, CodeDeclaration)...)
	}
	g := newGraph(r.app.definitions, r.app.overrides)
	return g, append(problems, g.problems...)
}

// hookLimit is what code says, else the setting, else 30 seconds.
func (r *run) hookLimit(key string, inCode time.Duration) (time.Duration, []*Problem) {
	setting, ok, err := config.Value[time.Duration](r.app.config, key)
	switch {
	case err != nil:
		return defaultHookLimit, problemsOf(err, CodeConfig)
	case inCode > 0:
		return inCode, nil
	case !ok:
		return defaultHookLimit, nil
	case setting <= 0:
		what := fmt.Sprintf("%s: %s: %s is no time limit", r.app.config.Origin(key), key, setting)
		return defaultHookLimit, []*Problem{{Code: CodeConfig, What: what, Remedy: "write a positive duration such as 30s"}}
	}
	return setting, nil
}

func (r *run) startBeans(ctx context.Context) *Problem {
	for _, d := range r.order {
		if err := ctx.Err(); err != nil {
			return cancelledProblem(err)
		}
		if problem := r.startBean(ctx, d); problem != nil {
			if ctx.Err() != nil {
				problem.Code = CodeCancelled
			}
			return problem
		}
	}
	return nil
}

func (r *run) startBean(ctx context.Context, d *definition) *Problem {
	if d.isInfrastructure {
		return nil
	}
	if starter, ok := hook[lifecycle.Starter](d); ok {
		if problem := callHook(ctx, d, "Start", r.startLimit, starter.Start); problem != nil {
			return problem
		}
	}
	r.started = append(r.started, d)
	for _, fn := range d.onStart {
		if problem := callHook(ctx, d, "OnStart", r.startLimit, d.bind(fn)); problem != nil {
			return problem
		}
	}
	return nil
}

// Stop stops the beans in reverse of the order in which they were started and
// then destroys them, each hook within its time limit and the whole within ctx.
// A bean that fails, panics or hangs is named in the error and does not keep
// the others from stopping. During a start Stop cancels it and waits for its
// end. Stopping a context that is not started, or twice, is no error; a Stop
// that meets another one under way waits for it.
func (app *ApplicationContext) Stop(ctx context.Context) error {
	app.mu.Lock()
	r := app.run
	if r == nil {
		app.mu.Unlock()
		return nil
	}
	first := !r.stopping
	r.stopping = true
	app.mu.Unlock()

	r.cancelStart()
	select {
	case <-r.startDone:
	case <-ctx.Done():
		return ctx.Err()
	}
	if first && r.isAlive() {
		r.stop(ctx)
	}
	select {
	case <-r.stopped:
		return r.stopErr
	case <-ctx.Done():
		return ctx.Err()
	}
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
	problems := r.shutDown(ctx)
	var err error
	for _, p := range problems {
		r.app.logger.Error("a bean did not stop well", "bean", p.Bean, "error", p)
		err = errors.Join(err, p)
	}
	r.app.logger.Info("application context stopped", "beans", len(r.started))
	r.end(err)
}

// end lets the context be started again.
func (r *run) end(err error) {
	r.app.mu.Lock()
	r.app.run = nil
	r.app.mu.Unlock()
	r.stopErr = err
	close(r.stopped)
}

// shutDown stops what was started and destroys what was built, in reverse.
func (r *run) shutDown(ctx context.Context) []*Problem {
	var problems []*Problem
	note := func(p *Problem) {
		if p != nil {
			problems = append(problems, p)
		}
	}
	for _, d := range slices.Backward(r.started) {
		for _, fn := range slices.Backward(d.onStop) {
			note(callHook(ctx, d, "OnStop", r.stopLimit, d.bind(fn)))
		}
		if stopper, ok := hook[lifecycle.Stopper](d); ok {
			note(callHook(ctx, d, "Stop", r.stopLimit, stopper.Stop))
		}
	}
	for _, d := range slices.Backward(r.order) {
		if d.isInfrastructure || d.built.original == nil {
			continue
		}
		if destroyer, ok := hook[lifecycle.PreDestroyer](d); ok {
			note(callHook(ctx, d, "PreDestroy", r.stopLimit, destroyer.PreDestroy))
		}
	}
	r.app.beans.Store(nil)
	return problems
}

// hook returns the bean as the holder of a hook, or, where a replacement lacks
// the hook, the original that the constructor returned.
func hook[H any](d *definition) (H, bool) {
	if d.built.state == complete {
		if h, ok := d.built.value.Interface().(H); ok {
			return h, true
		}
	}
	h, ok := d.built.original.(H)
	return h, ok
}

func (d *definition) bind(fn hookFunc) func(context.Context) error {
	return func(ctx context.Context) error { return fn(ctx, d.built.value.Interface()) }
}

// Run starts the context, waits for ctx to end, for SIGINT or SIGTERM, or for
// Stop, and stops it. A second signal during the stop ends the process at
// once. The error is that of Start or Stop; a start given up because of a
// signal, or of ctx, is none when everything could be rolled back.
func (app *ApplicationContext) Run(ctx context.Context) error {
	ctx, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer release()
	if err := app.Start(ctx); err != nil {
		if ctx.Err() != nil && onlyCancelled(err) {
			return nil
		}
		return err
	}
	select {
	case <-ctx.Done():
		release()
	case <-app.ended():
	}
	return app.Stop(context.WithoutCancel(ctx))
}

func (app *ApplicationContext) ended() <-chan struct{} {
	app.mu.Lock()
	defer app.mu.Unlock()
	if app.run == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	return app.run.stopped
}

func onlyCancelled(err error) bool {
	var report *StartupError
	return errors.As(err, &report) &&
		!slices.ContainsFunc(report.Problems, func(p *Problem) bool { return p.Code != CodeCancelled })
}

func (r *run) logStarted() {
	users := 0
	for _, d := range r.order {
		if !d.isInfrastructure {
			users++
		}
	}
	r.app.logger.Info("application context started", "beans", users, "took", time.Since(r.begun))
}

// warnOfUnknownKeys names the settings below pyfly that nothing has asked for.
func (r *run) warnOfUnknownKeys() {
	for _, unknown := range r.app.config.UnknownKeys("pyfly") {
		args := []any{"key", unknown.Key, "at", unknown.Origin.String()}
		if unknown.Nearest != "" {
			args = append(args, "nearest", unknown.Nearest)
		}
		r.app.logger.Warn("unknown setting: nothing reads it", args...)
	}
}
