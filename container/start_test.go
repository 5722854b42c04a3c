// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type (
	first  struct{ recorder }
	second struct{ recorder }
	third  struct{ recorder }
)

// threeInARow registers third, which needs second, which needs first.
func threeInARow(app *container.ApplicationContext, j *journal, fail map[string]map[string]error) {
	app.Register(func(*second) *third { return &third{recorder{"third", j, fail["third"]}} })
	app.Register(func(*first) *second { return &second{recorder{"second", j, fail["second"]}} })
	app.Register(func() *first { return &first{recorder{"first", j, fail["first"]}} })
}

func TestBeansStartAfterWhatTheyNeedAndStopInReverse(t *testing.T) {
	j := &journal{}
	app := newApp()
	threeInARow(app, j, nil)
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t,
		"PostConstruct first", "PostConstruct second", "PostConstruct third",
		"Start first", "Start second", "Start third",
		"Stop third", "Stop second", "Stop first",
		"PreDestroy third", "PreDestroy second", "PreDestroy first")
}

func TestAFailingStartIsRolledBack(t *testing.T) {
	boom := errors.New("boom")
	t.Run("in a Start hook", func(t *testing.T) {
		j := &journal{}
		app := newApp()
		threeInARow(app, j, map[string]map[string]error{"second": {"Start": boom}})
		report := startFails(t, app)
		if p := only(t, report, container.CodeHook); !errors.Is(report, boom) || p.Bean != "second" {
			t.Error(report)
		}
		j.equals(t,
			"PostConstruct first", "PostConstruct second", "PostConstruct third",
			"Start first", "Start second", "Stop first",
			"PreDestroy third", "PreDestroy second", "PreDestroy first")
	})
	t.Run("in a PostConstruct", func(t *testing.T) {
		j := &journal{}
		app := newApp()
		threeInARow(app, j, map[string]map[string]error{"second": {"PostConstruct": boom}})
		only(t, startFails(t, app), container.CodeHook)
		j.equals(t, "PostConstruct first", "PostConstruct second", "PreDestroy second", "PreDestroy first")
	})
	t.Run("in a constructor", func(t *testing.T) {
		j := &journal{}
		app := newApp()
		app.Register(func() *first { return &first{recorder{"first", j, nil}} })
		app.Register(func(*first) (*person, error) { return nil, boom })
		only(t, startFails(t, app), container.CodeConstructor)
		j.equals(t, "PostConstruct first", "PreDestroy first")
	})
	t.Run("and can be tried again", func(t *testing.T) {
		app := newApp()
		ready := false
		app.Register(func() (*person, error) {
			if !ready {
				return nil, boom
			}
			return &person{}, nil
		})
		startFails(t, app)
		ready = true
		start(t, app)
	})
}

func TestABeanThatDoesNotStopWellDoesNotKeepTheOthers(t *testing.T) {
	boom := errors.New("boom")
	j := &journal{}
	app := newApp()
	threeInARow(app, j, map[string]map[string]error{"third": {"Stop": boom}, "first": {"PreDestroy": boom}})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	err := app.Stop(context.Background())
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "Stop of third") || !strings.Contains(err.Error(), "PreDestroy of first") {
		t.Errorf("Stop returned %v", err)
	}
	if got := len(j.entries); got != 12 {
		t.Errorf("%d hooks ran, want 12: %v", got, j.entries)
	}
}

func TestStartAndStopMayBeCalledAgain(t *testing.T) {
	ctx := context.Background()
	j := &journal{}
	app := newApp()
	app.Register(func() *first { j.add("constructor"); return &first{recorder{"bean", j, nil}} })
	if err := app.Stop(ctx); err != nil {
		t.Errorf("Stop before Start: %v", err)
	}
	for range 2 {
		if err := app.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := app.Start(ctx); !errors.Is(err, container.ErrStarted) {
			t.Errorf("a second Start: %v", err)
		}
		for range 2 {
			if err := app.Stop(ctx); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
	}
	once := []string{"constructor", "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean"}
	j.equals(t, append(once, once...)...)
}

// hooked is a bean whose Start or Stop is a function.
type hooked struct {
	start, stop func(context.Context) error
}

func (h *hooked) Start(ctx context.Context) error { return run(ctx, h.start) }
func (h *hooked) Stop(ctx context.Context) error  { return run(ctx, h.stop) }

func run(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		return nil
	}
	return fn(ctx)
}

func TestTimeLimitsOfHooks(t *testing.T) {
	untilDone := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	cases := map[string]struct {
		opts  []container.Option
		limit time.Duration
	}{
		"the default": {nil, 30 * time.Second},
		"a setting": {[]container.Option{container.WithConfig(config.New(map[string]any{
			"pyfly.context.start-timeout": "2s", "pyfly.context.shutdown-timeout": "2s"}))}, 2 * time.Second},
		"an option, over a setting": {[]container.Option{
			container.WithConfig(config.New(map[string]any{"pyfly.context.start-timeout": "2s", "pyfly.context.shutdown-timeout": "2s"})),
			container.WithStartTimeout(time.Minute), container.WithStopTimeout(time.Minute)}, time.Minute},
	}
	for name, c := range cases {
		t.Run(name+" of Start", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(c.opts...)
				app.RegisterInstance(&hooked{start: untilDone})
				begun := time.Now()
				report := startFails(t, app)
				if took := time.Since(begun); took != c.limit {
					t.Errorf("the hook was given %s, want %s", took, c.limit)
				}
				if !errors.Is(report, context.DeadlineExceeded) {
					t.Error(report)
				}
			})
		})
		t.Run(name+" of Stop", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(c.opts...)
				app.RegisterInstance(&hooked{stop: untilDone})
				if err := app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				err := app.Stop(context.Background())
				if took := time.Since(begun); took != c.limit || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the hook was given %s, want %s; %v", took, c.limit, err)
				}
			})
		})
	}
}

func TestAHookThatIgnoresItsLimitIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		stopped := false
		app := newApp(container.WithStartTimeout(10 * time.Second))
		app.RegisterInstance(&hooked{stop: func(context.Context) error { stopped = true; return nil }}, container.Named("good"))
		app.RegisterInstance(&hooked{start: func(context.Context) error { <-release; return nil }}, container.Named("stuck"))
		report := startFails(t, app)
		problem := only(t, report, container.CodeHook)
		if problem.What != "Start of stuck did not return within 11s" {
			t.Error(problem.What)
		}
		if !stopped {
			t.Error("the bean that had started was not stopped")
		}
	})
}

func TestHooksThatPanicOrExitAreReported(t *testing.T) {
	cases := map[string]struct {
		hook func(context.Context) error
		want string
	}{
		"panic":  {func(context.Context) error { panic("kaboom") }, "panicked: kaboom"},
		"goexit": {func(context.Context) error { runtime.Goexit(); return nil }, "runtime.Goexit"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			app.RegisterInstance(&hooked{start: c.hook})
			if p := only(t, startFails(t, app), container.CodeHook); !strings.Contains(p.What, c.want) {
				t.Error(p.What)
			}
		})
	}
}

func TestOnStartAndOnStopServeTypesThatAreNotOurs(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func() *person { return &person{"Ada"} },
		container.OnStart(func(_ context.Context, p *person) error { j.add("start " + p.name); return nil }),
		container.OnStop(func(_ context.Context, p *person) error { j.add("stop " + p.name); return nil }))
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "start Ada", "stop Ada")
}

func TestAStartIsGivenUpWhenItsContextEnds(t *testing.T) {
	j := &journal{}
	ctx, cancel := context.WithCancel(context.Background())
	app := newApp()
	app.Register(func() *first { return &first{recorder{"first", j, nil}} })
	app.RegisterInstance(&hooked{start: func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }})
	app.Register(func(*first, *hooked) *third { return &third{recorder{"third", j, nil}} })

	err := app.Start(ctx)

	var report *container.StartupError
	if !errors.As(err, &report) || report.Problems[0].Code != container.CodeCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("Start returned %v", err)
	}
	j.equals(t, "PostConstruct first", "PostConstruct third", "Start first", "Stop first", "PreDestroy third", "PreDestroy first")
}

func TestStopDuringAStartCancelsIt(t *testing.T) {
	app := newApp()
	starting := make(chan struct{})
	app.RegisterInstance(&hooked{start: func(ctx context.Context) error { close(starting); <-ctx.Done(); return ctx.Err() }})
	startErr := make(chan error)
	go func() { startErr <- app.Start(context.Background()) }()
	<-starting
	if err := app.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if err := <-startErr; !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v", err)
	}
}

func TestConcurrentStopsWaitForTheFirst(t *testing.T) {
	app := newApp()
	stops := 0
	app.RegisterInstance(&hooked{stop: func(context.Context) error { stops++; return nil }})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := app.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stops != 1 {
		t.Errorf("the bean was stopped %d times", stops)
	}
}

func TestEventsOfTheContext(t *testing.T) {
	j := &journal{}
	app := newApp()
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextRefreshed) { j.add("refreshed") })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { j.add("ready") })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { j.add("closed") })
	app.RegisterInstance(&hooked{
		start: func(context.Context) error { j.add("start"); return nil },
		stop:  func(context.Context) error { j.add("stop"); return nil },
	})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "start", "refreshed", "ready", "closed", "stop")
}

func TestASubscriberMayStopTheContext(t *testing.T) {
	j := &journal{}
	app := newApp()
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextRefreshed) {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { j.add("ready") })
	app.RegisterInstance(&hooked{stop: func(context.Context) error { j.add("stop"); return nil }})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "stop")
}

func TestRun(t *testing.T) {
	ready := func(app *container.ApplicationContext, fn func()) {
		lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { fn() })
	}
	t.Run("until its context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		stopped := false
		app := newApp()
		app.RegisterInstance(&hooked{stop: func(ctx context.Context) error { stopped = true; return ctx.Err() }})
		ready(app, cancel)
		if err := app.Run(ctx); err != nil || !stopped {
			t.Errorf("Run returned %v; stopped: %t", err, stopped)
		}
	})
	t.Run("until a signal", func(t *testing.T) {
		app := newApp()
		ready(app, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) })
		if err := app.Run(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Run("until Stop", func(t *testing.T) {
		app := newApp()
		stopped := make(chan error, 1)
		ready(app, func() { go func() { stopped <- app.Stop(context.Background()) }() })
		if err := app.Run(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	t.Run("given up during the start", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		app := newApp()
		app.RegisterInstance(&hooked{start: func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }})
		if err := app.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("of what cannot start", func(t *testing.T) {
		app := newApp()
		app.Register(func(*strings.Builder) *person { return nil })
		if err := app.Run(context.Background()); !errors.Is(err, kernel.ErrNoSuchBean) {
			t.Error(err)
		}
	})
}

func TestStopWithAContextThatIsDoneStopsAllTheSame(t *testing.T) {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for range 50 { // a choice between two channels would be wrong every other time
		stopped := false
		app := newApp()
		app.RegisterInstance(&hooked{stop: func(context.Context) error { stopped = true; return nil }})
		app.RegisterInstance(&job{run: func(ctx context.Context) error { <-ctx.Done(); return nil }})
		if err := app.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := app.Stop(done); err != nil || !stopped {
			t.Fatalf("Stop returned %v; stopped: %t", err, stopped)
		}
	}
}
