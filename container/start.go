// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

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
	cancelStart context.CancelFunc
	startDone   chan struct{} // closed when Start returns
	runners     runners
	watches     bool          // the files of the configuration
	watched     chan struct{} // closed when that has ended
	isStopping  bool          // guarded by app.mu
	shutdown    chan struct{} // closed by Shutdown
	stopped     chan struct{} // closed when all has ended
	stopErr     error
	problems    []*Problem // why it did not start
}

// Start builds every bean and starts those that have a Start method: by phase,
// each after what it depends on, and what does not depend on each other side by
// side, at most pyfly.context.start-parallelism at a time (GOMAXPROCS). When it
// fails, everything that was started has been stopped and everything that was
// built has been destroyed, and the error is a [*StartupError] that reports all
// mistakes. Cancelling ctx before Start returns gives up the start; afterwards
// ctx has no effect.
//
// A second Start without a Stop is [ErrStarted]. A context that was stopped, or
// failed to start, may be started again: the files of the configuration are read
// again, and all beans are made anew.
func (app *ApplicationContext) Start(ctx context.Context) error {
	r := app.newRun(ctx)
	ctx, r.cancelStart = context.WithCancel(ctx)
	defer r.cancelStart()
	app.mu.Lock()
	if app.run != nil {
		app.mu.Unlock()
		return ErrStarted
	}
	app.run = r
	app.mu.Unlock()

	app.refresh(ctx)
	app.beginLog()
	problems := r.start(ctx)
	r.took = r.elapsed()
	if len(problems) > 0 {
		r.graph.tellChainsOf(problems)
		problems = append(problems, r.shutDown(context.WithoutCancel(ctx))...)
		r.problems = problems
		app.last.Store(r)
		r.end(nil)
		close(r.startDone)
		return &StartupError{Problems: problems}
	}
	app.last.Store(r)
	r.watchConfig()
	close(r.startDone)
	r.announce()
	return nil
}

func (app *ApplicationContext) newRun(ctx context.Context) *run {
	r := &run{
		app: app, id: goroutines.ID(app), begun: time.Now(),
		startDone: make(chan struct{}), stopped: make(chan struct{}), shutdown: make(chan struct{}),
	}
	r.life, r.endLife = context.WithCancel(context.WithoutCancel(ctx))
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
	problems := r.prepare()
	r.step("settings and graph", 0)
	if len(problems) > 0 {
		return problems
	}
	total, cancel := withTotalLimit(ctx, "pyfly.context.total-start-timeout", r.totalStart)
	defer cancel()
	begun := r.elapsed()
	r.maker = newMaker(total, r, r.graph)
	problems = r.build(total)
	r.step("build", begun)
	if len(problems) > 0 {
		return problems
	}
	r.warnOfUnknownKeys()
	r.warnOfIdleLogging()
	r.app.beans.Store(newBeans(r.maker))
	begun = r.elapsed()
	problems = r.startBeans(total)
	r.step("start", begun)
	if ctx.Err() != nil {
		problems = r.asCancelled(ctx, problems)
	}
	return problems
}

// asCancelled tells the problems of a start that was given up: hooks that ended
// because their context did are its consequence, those that hang are not.
func (r *run) asCancelled(ctx context.Context, problems []*Problem) []*Problem {
	isTold := false
	for _, p := range problems {
		if errors.Is(p.Err, ctx.Err()) && !errors.Is(p.Err, errHangs) {
			p.Code, isTold = CodeCancelled, true
		}
	}
	if isTold {
		return problems
	}
	return append([]*Problem{r.cancelled(ctx)}, problems...)
}

func withTotalLimit(ctx context.Context, key string, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, &totalLimitError{key, limit})
}

// prepare works out the graph and collects all that can be known to be wrong
// before any constructor runs.
func (r *run) prepare() []*Problem {
	problems := slices.Concat(r.app.settings.problems, r.app.problems)
	problems = append(problems, r.app.unusedModuleOverrides()...)
	problems = append(problems, r.limits.read(r.app)...)
	problems = append(problems, r.readWatch()...)
	for _, v := range r.app.validators {
		err := usercode.Call(func() error { return v.check(r.app.config) })
		problems = append(problems, problemsOf(err, CodeDeclaration)...)
	}
	r.graph = r.app.newGraph()
	return withoutRepetitions(append(problems, r.graph.problems...))
}

// Validate checks all that can be checked without running a constructor: the
// settings and declarations, and that every parameter of every constructor can
// be injected. The error is the [*StartupError] that Start would return.
func (app *ApplicationContext) Validate() error {
	if problems := app.newRun(context.Background()).prepare(); len(problems) > 0 {
		return &StartupError{Problems: problems}
	}
	return nil
}

// build makes the beans on a goroutine of its own, so that a constructor that
// hangs can be given up and reported.
func (r *run) build(ctx context.Context) []*Problem {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.label("", "build")
		r.maker.build()
	}()
	watch := time.NewTimer(r.startLimit)
	defer watch.Stop()
	for {
		select {
		case <-done:
			return r.maker.built()
		case <-ctx.Done():
			select {
			case <-done:
				return r.maker.built()
			case <-time.After(grace(r.startLimit)):
				return r.maker.abandon(r.cancelled(ctx))
			}
		case <-watch.C:
			rest := r.maker.patience()
			if rest <= 0 {
				r.cancelStart()
				return r.maker.abandon(nil)
			}
			watch.Reset(rest)
		}
	}
}

// startBeans starts stage after stage, and then the lazy beans that were built
// meanwhile.
func (r *run) startBeans(ctx context.Context) []*Problem {
	if problems := r.readPhases(); len(problems) > 0 {
		return problems
	}
	s := &starting{run: r}
	s.ctx, s.giveUp = context.WithCancel(ctx)
	defer s.giveUp()
	for _, stage := range r.stages() {
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

func (s *starting) start(stage []*bean) {
	if !slices.ContainsFunc(stage, hasStart) {
		for _, b := range stage {
			s.work(b)
		}
		return
	}
	schedule := newSchedule(stage, false)
	schedule.limit = s.run.parallelism
	schedule.isLong, schedule.mayBegin, schedule.work = hasStart, s.goesOn, s.work
	schedule.run()
}

// work starts one bean.
func (s *starting) work(b *bean) {
	if b.isEager { // a lazy one's turn comes after all others
		s.begin(b)
	}
}

func (s *starting) begin(b *bean) {
	problem := s.run.startBean(s.ctx, b)
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

func (r *run) startBean(ctx context.Context, b *bean) *Problem {
	if starter, ok := hook[lifecycle.Starter](b); ok && !b.isInfrastructure {
		if problem := r.callHook(ctx, b, "Start", r.startLimit, starter.Start); problem != nil {
			return problem
		}
	}
	b.isStarted = true
	for _, fn := range b.onStart {
		if problem := r.callHook(ctx, b, "OnStart", r.startLimit, b.bind(fn)); problem != nil {
			return problem
		}
	}
	b.hasRunOnStart = true
	return nil
}

func (b *bean) bind(fn hookFunc) func(context.Context) error {
	return func(ctx context.Context) error { return fn(ctx, b.object) }
}

// announce publishes that the context is up and lets the runners run. Start is
// over by then, so that a subscriber may call Stop.
func (r *run) announce() {
	lifecycle.Publish(r.app.events, lifecycle.ContextRefreshed{})
	if !r.isAlive() {
		return
	}
	r.logStarted()
	lifecycle.Publish(r.app.events, lifecycle.ApplicationReady{})
	r.becomeReady()
}

func (r *run) cancelled(ctx context.Context) *Problem {
	cause := usercode.Error(context.Cause(ctx))
	return &Problem{Code: CodeCancelled, What: "the start was cancelled: " + cause.Error(), Err: errors.Join(ctx.Err(), cause)}
}

// warnOfUnknownKeys names the settings below pyfly, and below the prefixes of
// properties, that nothing has asked for.
func (r *run) warnOfUnknownKeys() {
	_ = r.app.Name() // its key is known, whoever asks for it
	for _, unknown := range r.app.unknownKeys() {
		args := []any{"key", unknown.Key, "at", unknown.Origin.String()}
		if unknown.Nearest != "" {
			args = append(args, "nearest", unknown.Nearest)
		}
		if unknown.Remedy != "" {
			args = append(args, "remedy", unknown.Remedy)
		}
		r.app.logger.Warn("unknown setting: nothing reads it", args...)
	}
}
