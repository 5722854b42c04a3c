// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/goroutines"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// ErrStarted is returned by Start when the context has been started and not
// stopped.
var ErrStarted = errors.New("the application context is already started: call Stop before starting it again")

// run is one life of the context, from Start to Stop.
type run struct {
	app   *ApplicationContext
	id    string // labels its goroutines
	begun time.Time
	limits
	graph *graph
	maker *maker
	steps []stepTiming // of the whole
	took  time.Duration

	life        context.Context // from Start to the beginning of Stop
	endLife     context.CancelFunc
	serving     context.Context // from Start to the end of the delay of the shutdown
	endDelay    context.CancelFunc
	atDelayEnd  func() // guarded by app.mu; nil: nothing
	cancelStart context.CancelFunc
	startDone   chan struct{} // closed when Start returns
	subscribers subscribers
	endEvents   func() // ends the subscriptions made during this run
	runners     runners
	watches     bool            // the files of the configuration
	unknownKeys map[string]bool // of the settings, that have been warned of
	watched     chan struct{}   // closed when that has ended
	isStopping  bool            // guarded by app.mu
	wasReady    bool            // likewise
	shutdown    chan struct{}   // closed by Shutdown
	stopGivenUp chan struct{}   // closed by a Stop that did not wait for the end of the start
	stopped     chan struct{}   // closed when all has ended
	stopErr     error
	problems    []*Problem // why it did not start
}

// Start builds every bean and starts those that have a Start method: by phase,
// each after what it depends on, and what does not depend on each other side by
// side, at most pyfly.context.start-parallelism at a time (GOMAXPROCS). When it
// fails, everything that was started has been stopped and everything that was
// built has been destroyed, and the error is a [*StartupError] that reports all
// mistakes. Start returns when the subscribers of lifecycle.ContextRefreshed and
// ApplicationReady have returned. Cancelling ctx before that gives up the start;
// afterwards ctx has no effect.
//
// A second Start without a Stop is [ErrStarted]. A context that was stopped, or
// failed to start, may be started again: the files of the configuration are read
// again, and all beans are made anew.
func (app *ApplicationContext) Start(ctx context.Context) error {
	r := app.newRun(ctx)
	outer := ctx
	ctx, r.cancelStart = context.WithCancel(ctx)
	defer r.cancelStart()
	app.mu.Lock()
	if app.run != nil {
		app.mu.Unlock()
		return ErrStarted
	}
	app.run = r
	app.mu.Unlock()

	r.endEvents = app.events.Bus().Scope()
	app.refresh(ctx)
	app.beginLog()
	problems := r.limits.read(app)
	total, cancel := whole(ctx, totalStartKey, r.totalStart)
	defer cancel()
	problems = r.prepare(total, problems)
	r.step("settings and graph", 0)
	if len(problems) == 0 {
		problems = r.start(total)
	}
	r.took = r.elapsed()
	if len(problems) > 0 {
		r.graph.tellChainsOf(problems)
		problems = append(problems, r.rollBack(ctx)...)
		r.problems = problems
		app.last.Store(r)
		r.end(nil)
		close(r.startDone)
		return &StartupError{Problems: problems}
	}
	app.last.Store(r)
	r.watchConfig()
	close(r.startDone)
	r.announce(ctx, total)
	switch {
	case r.isEnding():
		r.awaitStop(outer)
	case outer.Err() != nil:
		return r.giveUp(outer)
	}
	return nil
}

// awaitStop waits for the end of a Stop that has begun during the start. If that
// has not waited for the end of the start, it stops the context in its place.
func (r *run) awaitStop(ctx context.Context) {
	select {
	case <-r.stopped:
	case <-r.stopGivenUp:
		r.stop(context.WithoutCancel(ctx))
	}
}

// rollBack stops what was started, and destroys what was built, by a start that has
// failed. All together it has the limit of a whole stop, or, without one, that of
// a whole start.
func (r *run) rollBack(ctx context.Context) []*Problem {
	ctx, key, limit := context.WithoutCancel(ctx), totalStopKey, r.totalStop
	if limit == 0 {
		key, limit = totalStartKey, r.totalStart
	}
	ctx, cancel := whole(ctx, key, limit)
	defer cancel()
	return r.shutDown(ctx)
}

// giveUp stops a context that is up but whose Start was cancelled before it
// returned.
func (r *run) giveUp(ctx context.Context) error {
	err := r.app.Stop(context.WithoutCancel(ctx))
	return &StartupError{Problems: append([]*Problem{r.cancelled(ctx)}, problemsOf(err, CodeHook)...)}
}

func (app *ApplicationContext) newRun(ctx context.Context) *run {
	r := &run{
		app: app, id: goroutines.ID(app), begun: time.Now(),
		startDone: make(chan struct{}), stopped: make(chan struct{}), shutdown: make(chan struct{}),
		stopGivenUp: make(chan struct{}),
	}
	r.life, r.endLife = context.WithCancel(context.WithoutCancel(ctx))
	r.serving, r.endDelay = context.WithCancel(context.Background())
	r.runners.failed, r.watched = make(chan struct{}), make(chan struct{})
	return r
}

func (r *run) elapsed() time.Duration { return time.Since(r.begun) }

// step notes how long a part of the start took.
func (r *run) step(name string, begun time.Duration) {
	r.steps = append(r.steps, stepTiming{name: name, begun: begun, took: r.elapsed() - begun})
}

// start takes the context to the point where all beans are started.
func (r *run) start(ctx context.Context) []*Problem {
	begun := r.elapsed()
	r.maker = newMaker(ctx, r, r.graph)
	problems := r.build(ctx)
	r.step("build", begun)
	if len(problems) > 0 {
		return problems
	}
	r.warnOfUnknownKeys(r.app.config)
	r.warnOfIdleLogging()
	r.app.beans.Store(newBeans(r.maker))
	begun = r.elapsed()
	problems = r.startBeans(ctx)
	r.step("start", begun)
	if ctx.Err() != nil && !isTotalLimit(ctx) {
		problems = r.asCancelled(ctx, problems)
	}
	return problems
}

// asCancelled tells the problems of a start that was given up: hooks that ended
// because their context did are its consequence, those that hang are not.
func (r *run) asCancelled(ctx context.Context, problems []*Problem) []*Problem {
	isTold := false
	for _, p := range problems {
		if errors.Is(p.Err, ctx.Err()) && p.Err != hook.ErrHangs {
			p.Code, isTold = CodeCancelled, true
		}
	}
	if isTold {
		return problems
	}
	return append([]*Problem{r.cancelled(ctx)}, problems...)
}

// whole is the context of a whole start or stop.
func whole(ctx context.Context, key string, limit time.Duration) (context.Context, context.CancelFunc) {
	return hook.Whole(ctx, limit, &totalLimitError{key, limit})
}

// isTotalLimit reports whether a context has ended by the limit of the whole.
func isTotalLimit(ctx context.Context) bool {
	_, is := context.Cause(ctx).(*totalLimitError)
	return is
}

// prepare works out the graph and collects all that can be known to be wrong
// before any constructor runs.
func (r *run) prepare(ctx context.Context, ofLimits []*Problem) []*Problem {
	problems := slices.Concat(r.app.settings.problems, r.app.problems)
	problems = append(problems, r.app.unusedModuleOverrides()...)
	problems = append(problems, ofLimits...)
	problems = append(problems, r.readWatch()...)
	r.graph = r.app.newGraph()
	r.app.graph.Store(r.graph)
	for _, v := range r.app.validators {
		problems = append(problems, problemsOf(r.check(ctx, v, r.app.config), CodeDeclaration)...)
	}
	return withoutRepetitions(append(problems, r.graph.problems...))
}

// Validate checks all that can be checked without running a constructor: the
// settings and declarations, and that every parameter of every constructor can
// be injected. The error is the [*StartupError] that Start would return.
func (app *ApplicationContext) Validate() error {
	r := app.newRun(context.Background())
	if problems := r.prepare(context.Background(), r.limits.read(app)); len(problems) > 0 {
		return &StartupError{Problems: problems}
	}
	return nil
}

// announce publishes that the context is up and lets the runners run. Start is
// over by then, so that a subscriber may call Stop. total ends with the limit of the
// whole start, which gives subscribers up and does not keep the application from
// being ready.
func (r *run) announce(ctx, total context.Context) {
	r.publish(total, lifecycle.ContextRefreshed{}, r.startLimit)
	if ctx.Err() != nil {
		return
	}
	r.logStarted()
	r.publish(total, lifecycle.ApplicationReady{}, r.startLimit)
	r.becomeReady(ctx)
}

func (r *run) cancelled(ctx context.Context) *Problem {
	cause := usercode.Error(context.Cause(ctx))
	return &Problem{Code: CodeCancelled, What: "the start was cancelled: " + cause.Error(), Err: errors.Join(ctx.Err(), cause)}
}

// warnOfUnknownKeys names the settings below pyfly, and below the prefixes of
// properties, that nothing has asked for, unless it has named them before.
func (r *run) warnOfUnknownKeys(cfg *config.Config) {
	_ = r.app.Name() // its key is known, whoever asks for it
	before := r.unknownKeys
	r.unknownKeys = map[string]bool{}
	for _, unknown := range r.app.unknownKeys(cfg) {
		r.unknownKeys[unknown.Key] = true
		if before[unknown.Key] {
			continue
		}
		args := []any{"key", unknown.Key, "at", unknown.Origin.String()}
		if unknown.Nearest != "" {
			args = append(args, "nearest", unknown.Nearest)
		}
		if unknown.Remedy != "" {
			args = append(args, "remedy", unknown.Remedy)
		}
		r.app.guarded.Warn("unknown setting: nothing reads it", args...)
	}
}
