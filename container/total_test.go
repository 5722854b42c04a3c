// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// deaf is a bean some of whose hooks ignore their context.
type deaf struct {
	deafTo  string // the hooks
	release chan struct{}

	mu     sync.Mutex
	called []string
}

// last is the hook that was called last.
func (d *deaf) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.called[len(d.called)-1]
}

func (d *deaf) PostConstruct(context.Context) error { return d.hook("PostConstruct") }
func (d *deaf) Start(context.Context) error         { return d.hook("Start") }
func (d *deaf) Stop(context.Context) error          { return d.hook("Stop") }
func (d *deaf) PreDestroy(context.Context) error    { return d.hook("PreDestroy") }

func (d *deaf) hook(name string) error {
	d.mu.Lock()
	d.called = append(d.called, name)
	d.mu.Unlock()
	if strings.Contains(d.deafTo, name) {
		<-d.release
	}
	return nil
}

// registerDeaf registers n beans each of which needs the one before.
func registerDeaf(t *testing.T, app *container.ApplicationContext, n int, hooks string) (beans []*deaf) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for i := range n {
		d := &deaf{deafTo: hooks, release: release}
		opts := []container.BeanOption{container.Named(fmt.Sprint("deaf", i))}
		if i > 0 {
			opts = append(opts, container.DependsOn(fmt.Sprint("deaf", i-1)))
		}
		app.RegisterInstance(d, opts...)
		beans = append(beans, d)
	}
	return beans
}

// withTotal limits the whole start and the whole stop.
func withTotal(start, stop string) container.Option {
	return container.WithConfig(config.New(map[string]any{
		"pyfly.context.total-start-timeout": start, "pyfly.context.total-shutdown-timeout": stop,
	}))
}

// within checks that something took as long as its limit, and no more than a fifth
// longer.
func within(t *testing.T, what string, took, limit time.Duration) {
	t.Helper()
	if took < limit || took > limit+limit/5+50*time.Millisecond {
		t.Errorf("%s took %s, its limit is %s", what, took, limit)
	}
}

func TestATotalLimitBoundsTheWholeStop(t *testing.T) {
	for name, hooks := range map[string]string{"Stop": "Stop", "PreDestroy": "PreDestroy"} {
		for _, limit := range []time.Duration{300 * time.Millisecond, 5 * time.Second} {
			t.Run(fmt.Sprint(name, " ", limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					app := newApp(withTotal("1h", limit.String()))
					beans := registerDeaf(t, app, 5, hooks)
					if err := app.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					begun := time.Now()
					err := app.Stop(context.Background())
					within(t, "the stop", time.Since(begun), limit)
					for i, d := range beans {
						if !strings.Contains(err.Error(), fmt.Sprintf("%s of deaf%d did not return within", name, i)) ||
							d.last() != name {
							t.Errorf("%s of deaf%d was not called, or is not in %v", name, i, err)
						}
					}
				})
			})
		}
	}
	for name, opts := range map[string]func(release chan struct{}) (constructor any, opt container.BeanOption){
		"cleanup": func(release chan struct{}) (any, container.BeanOption) {
			return func() (*person, func()) { return &person{}, func() { <-release } }, nil
		},
		"OnStop": func(release chan struct{}) (any, container.BeanOption) {
			return func() *person { return &person{} }, container.OnStop(func(context.Context, *person) error { <-release; return nil })
		},
		"Run": func(release chan struct{}) (any, container.BeanOption) {
			return func() *job { return &job{run: func(context.Context) error { <-release; return nil }} }, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				app := newApp(withTotal("1h", "300ms"))
				for i := range 5 {
					constructor, opt := opts(release)
					app.Register(constructor, opt, container.Named(fmt.Sprint("bean", i)))
				}
				if err := app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				if err := app.Stop(context.Background()); err == nil {
					t.Error("Stop returned no error")
				}
				within(t, "the stop", time.Since(begun), 300*time.Millisecond)
			})
		})
	}
	t.Run("by the context of Stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			app := newApp()
			registerDeaf(t, app, 5, "Stop")
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			begun := time.Now()
			err := app.Stop(ctx)
			within(t, "the stop", time.Since(begun), time.Second)
			if err == nil {
				t.Error("Stop returned no error")
			}
		})
	})
	t.Run("with subscribers, runners and lazy beans", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			app := newApp(withTotal("1h", "2s"))
			beans := registerDeaf(t, app, 3, "Stop")
			release := beans[0].release
			for range 3 {
				lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { <-release })
			}
			app.RegisterInstance(&job{run: func(context.Context) error { <-release; return nil }})
			app.Register(func() *person { <-release; return &person{} }, container.Lazy())
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = container.Get[*person](app) }()
			synctest.Wait()
			begun := time.Now()
			_ = app.Stop(context.Background())
			within(t, "the stop", time.Since(begun), 2*time.Second)
		})
	})
}

func TestATotalLimitBoundsTheWholeStart(t *testing.T) {
	cases := map[string]struct {
		register func(t *testing.T, app *container.ApplicationContext, release chan struct{})
		succeeds bool
	}{
		"PostConstruct": {func(t *testing.T, app *container.ApplicationContext, _ chan struct{}) {
			registerDeaf(t, app, 5, "PostConstruct")
		}, false},
		"Start": {func(t *testing.T, app *container.ApplicationContext, _ chan struct{}) {
			registerDeaf(t, app, 5, "Start")
		}, false},
		"constructor": {func(_ *testing.T, app *container.ApplicationContext, release chan struct{}) {
			app.Register(func() *person { return standStill(release) })
		}, false},
		"prototype": {func(_ *testing.T, app *container.ApplicationContext, release chan struct{}) {
			app.Register(func() *person { return standStill(release) }, container.Prototype())
			app.Register(func(*person) *probe { return &probe{} })
		}, false},
		"validators": {func(_ *testing.T, app *container.ApplicationContext, release chan struct{}) {
			for range 5 {
				app.AddValidator(func(*config.Config) error { <-release; return nil })
			}
		}, false},
		"subscribers": {func(_ *testing.T, app *container.ApplicationContext, release chan struct{}) {
			for range 5 {
				lifecycle.Subscribe(app.Events(), func(lifecycle.ContextRefreshed) { <-release })
				lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { <-release })
			}
		}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				app := newApp(withTotal("300ms", "1h"))
				c.register(t, app, release)
				begun := time.Now()
				err := app.Start(t.Context())
				within(t, "the start", time.Since(begun), 300*time.Millisecond)
				if (err == nil) != c.succeeds || err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Start returned %v", err)
				}
				if isReady(app) != c.succeeds {
					t.Errorf("the application is ready: %t", isReady(app))
				}
				if err := app.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestATotalLimitBoundsTheRollback(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		opt   container.Option
		limit time.Duration
	}{
		"that of a stop":            {withTotal("1h", "300ms"), 300 * time.Millisecond},
		"that of a start, if alone": {container.WithTotalStartTimeout(500 * time.Millisecond), 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(c.opt)
				beans := registerDeaf(t, app, 5, "Stop PreDestroy")
				app.RegisterInstance(&hooked{start: fails(boom)}, container.DependsOn("deaf4"))
				begun := time.Now()
				report := startFails(t, app)
				within(t, "start and rollback", time.Since(begun), c.limit)
				if !errors.Is(report, boom) || report.Problems[0].Bean != "hooked" {
					t.Errorf("the cause is not the first problem: %v", report)
				}
				for i, d := range beans {
					if d.last() != "Stop" {
						t.Errorf("deaf%d was not stopped", i)
					}
				}
			})
		})
	}
}

func TestAStopThatDoesNotWaitForTheStartTakesPlaceAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		app, _ := loggingApp(j)
		app.RegisterInstance(&hooked{start: func(context.Context) error { time.Sleep(500 * time.Millisecond); return nil }})
		started := make(chan error)
		go func() { started <- app.Start(t.Context()) }()
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := app.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop returned %v", err)
		}
		<-started
		if err := app.Stop(context.Background()); err != nil {
			t.Errorf("the second Stop returned %v", err)
		}
		if last := j.entries[len(j.entries)-1]; last != "PreDestroy bean" {
			t.Errorf("what happened: %q", j.entries)
		}
		if err := app.Start(t.Context()); err != nil {
			t.Error(err)
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestValidatorsThatDoNotReturnAreReported(t *testing.T) {
	for want, check := range map[string]func(release chan struct{}){
		"hangs":          func(release chan struct{}) { <-release },
		"runtime.Goexit": func(chan struct{}) { runtime.Goexit() },
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				app := newApp()
				app.AddValidator(func(*config.Config) error { check(release); return nil })
				p := only(t, startFails(t, app), container.CodeDeclaration)
				if !strings.Contains(p.What, want) || !strings.HasPrefix(detailOf(p, "registered"), "container/total_test.go:") {
					t.Errorf("problem %v: %v", p, p.Details)
				}
				if err := app.Validate(); err == nil {
					t.Error("Validate returned no error")
				}
			})
		})
	}
}
