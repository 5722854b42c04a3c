// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func newRecorder(j *journal, fail map[string]error) func() *recorder {
	return func() *recorder {
		j.add("constructor")
		return &recorder{"bean", j, fail}
	}
}

func TestALazyBeanIsBuiltOnFirstUseAndLivesAWholeLife(t *testing.T) {
	uses := map[string]func(t *testing.T, app *container.ApplicationContext){
		"Get": func(t *testing.T, app *container.ApplicationContext) { container.Must(container.Get[*recorder](app)) },
		"Get by name": func(t *testing.T, app *container.ApplicationContext) {
			container.Must(container.Get[*recorder](app, "recorder"))
		},
		"an interface": func(t *testing.T, app *container.ApplicationContext) {
			container.Must(container.Get[interface{ hook(string) error }](app))
		},
		"All": func(t *testing.T, app *container.ApplicationContext) {
			if all := container.Must(container.All[*recorder](app)); len(all) != 1 {
				t.Errorf("All returned %d", len(all))
			}
		},
		"a Provider": func(t *testing.T, app *container.ApplicationContext) {
			container.Must(container.Must(container.Get[*holder](app)).get.Get())
		},
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			app := newApp()
			app.RegisterPostProcessor(&processor{before: func(bean any, name string) (any, error) {
				if name == "recorder" {
					j.add("BeforeInit")
				}
				return bean, nil
			}})
			app.Register(newRecorder(j, nil), container.Lazy())
			app.Register(func(get container.Provider[*recorder]) *holder { return &holder{get} })
			if err := app.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			j.equals(t)
			use(t, app)
			use(t, app)
			j.add("used")
			if err := app.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			j.equals(t, "constructor", "BeforeInit", "PostConstruct bean", "Start bean", "used", "Stop bean", "PreDestroy bean")
			if _, err := container.Get[*recorder](app); !errors.Is(err, container.ErrNotStarted) {
				t.Errorf("after Stop: %v", err)
			}
		})
	}
}

type holder struct{ get container.Provider[*recorder] }

func TestALazyBeanThatIsNeededIsBuiltByTheStart(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(newRecorder(j, nil), container.Lazy())
	app.Register(func(*recorder) *person { return &person{} })
	start(t, app)
	j.equals(t, "constructor", "PostConstruct bean", "Start bean")
}

func TestManyFirstUsersOfALazyBeanGetOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var built atomic.Int32
		app := newApp()
		app.Register(func() *person { built.Add(1); time.Sleep(time.Second); return &person{} }, container.Lazy())
		app.Register(func(*person) *house { time.Sleep(time.Second); return &house{} }, container.Lazy())
		app.Register(func(*person) *car { time.Sleep(time.Second); return &car{} }, container.Lazy())
		start(t, app)
		var wg sync.WaitGroup
		persons := make([]*person, 60)
		for i := range persons {
			wg.Go(func() {
				switch i % 3 {
				case 0:
					container.Must(container.Get[*house](app))
				case 1:
					container.Must(container.Get[*car](app))
				}
				persons[i] = container.Must(container.Get[*person](app))
			})
		}
		begun := time.Now()
		wg.Wait()
		for _, p := range persons {
			if p != persons[0] {
				t.Fatal("two of one lazy bean")
			}
		}
		if built.Load() != 1 || time.Since(begun) != 2*time.Second {
			t.Errorf("built %d times in %s", built.Load(), time.Since(begun))
		}
	})
}

func TestALazyBeanThatFailsIsDestroyedAndTriedAgain(t *testing.T) {
	boom := errors.New("boom")
	cases := map[string][]string{
		"constructor":   {"constructor"},
		"PostConstruct": {"constructor", "PostConstruct bean", "PreDestroy bean"},
		"Start":         {"constructor", "PostConstruct bean", "Start bean", "PreDestroy bean"},
	}
	for hook, want := range cases {
		t.Run(hook, func(t *testing.T) {
			j := &journal{}
			fail := map[string]error{hook: boom}
			app := newApp()
			app.Register(func() (*recorder, error) { return newRecorder(j, fail)(), fail["constructor"] }, container.Lazy())
			start(t, app)
			_, err := container.Get[*recorder](app)
			var p *container.Problem
			if !errors.Is(err, boom) || !errors.Is(err, kernel.ErrBeanCreation) || !errors.As(err, &p) || p.Bean != "recorder" {
				t.Errorf("Get returned %v", err)
			}
			j.equals(t, want...)
			delete(fail, hook)
			j.entries = nil
			if _, err := container.Get[*recorder](app); err != nil {
				t.Error(err)
			}
			j.equals(t, "constructor", "PostConstruct bean", "Start bean")
		})
	}
}

func TestALazyBeanUsedDuringTheStartIsStartedLast(t *testing.T) {
	j := &journal{}
	app := newApp(withParallelism(1))
	app.Register(newRecorder(j, nil), container.Lazy())
	app.Register(func(get container.Provider[*recorder]) *hooked {
		return &hooked{start: func(context.Context) error { j.add("Start user"); _, err := get.Get(); return err }}
	})
	app.RegisterInstance(&first{recorder{"other", j, nil}})
	start(t, app)
	j.equals(t, "PostConstruct other", "Start user", "constructor", "PostConstruct bean", "Start other", "Start bean")
}

func TestStopWaitsForALazyBeanThatIsBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		app := newApp()
		app.Register(func() *recorder { time.Sleep(time.Second); return newRecorder(j, nil)() }, container.Lazy())
		app.Register(func() *person { return &person{} }, container.Lazy())
		if err := app.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := make(chan error)
		go func() { _, err := container.Get[*recorder](app); got <- err }()
		synctest.Wait()
		stopped := make(chan error)
		go func() { stopped <- app.Stop(context.Background()) }()
		synctest.Wait()
		if _, err := container.Get[*person](app); !errors.Is(err, container.ErrNotStarted) {
			t.Errorf("a lazy bean was made during Stop: %v", err)
		}
		<-got
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if last := j.entries[len(j.entries)-1]; last != "PreDestroy bean" {
			t.Errorf("what happened: %q", j.entries)
		}
	})
}

func TestAPrototypeIsMadeForEachWhoTakesIt(t *testing.T) {
	j := &journal{}
	made := 0
	app := newApp()
	app.Register(newEnglish)
	app.Register(func(*english) *car { return &car{} }, container.Prototype())
	app.Register(func(e *english, _ *car) *recorder { made++; return &recorder{"prototype", j, nil} }, container.Prototype())
	type pair struct{ a, b *recorder }
	app.Register(func(a, b *recorder, all []*recorder, byName map[string]*recorder) *pair {
		if a == b || all[0] == a || byName["recorder"] == all[0] {
			t.Error("two got the same")
		}
		return &pair{a, b}
	})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	one, other := container.Must(container.Get[*recorder](app)), container.Must(container.Get[*recorder](app))
	if one == other || made != 6 {
		t.Errorf("%d were made", made)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, entry := range j.entries {
		if entry != "PostConstruct prototype" {
			t.Errorf("%s was called on a prototype", entry)
		}
	}
	for _, b := range app.Beans() {
		if b.Name == "recorder" && b.Scope != container.ScopePrototype {
			t.Errorf("its scope is %s", b.Scope)
		}
	}
}

func TestAPrototypeIsProcessed(t *testing.T) {
	app := newApp()
	app.RegisterPostProcessor(&processor{after: shout})
	app.Register(func() greeter { return &english{} }, container.Prototype())
	app.Register(func(g greeter) *person { return &person{name: g.Greet()} })
	start(t, app)
	if p := container.Must(container.Get[*person](app)); p.name != "HELLO" {
		t.Errorf("the prototype says %q", p.name)
	}
}

func TestAPrototypeThatFailsFailsWhoNeedsIt(t *testing.T) {
	boom := errors.New("boom")
	app := newApp()
	app.Register(func() (*car, error) { return nil, boom }, container.Prototype())
	app.Register(func(*car) *person { return &person{} })
	report := startFails(t, app)
	if p := only(t, report, container.CodeConstructor); p.Bean != "car" || !errors.Is(report, boom) {
		t.Errorf("problem %v", p)
	}
}

func TestWhatAPrototypeCannotHaveIsRefused(t *testing.T) {
	cases := map[string]func(app *container.ApplicationContext){
		"an instance": func(app *container.ApplicationContext) { app.RegisterInstance(&car{}, container.Prototype()) },
		"a function to clean up": func(app *container.ApplicationContext) {
			app.Register(func() (*car, func()) { return &car{}, func() {} }, container.Prototype())
		},
		"OnStart and OnStop have no effect": func(app *container.ApplicationContext) {
			app.Register(newCarWithHook, container.Prototype(), container.OnStart(func(context.Context, *car) error { return nil }))
		},
	}
	for want, register := range cases {
		app := newApp()
		register(app)
		if p := only(t, startFails(t, app), container.CodeRegistration); !strings.Contains(p.What, want) {
			t.Errorf("problem %v, want %s", p, want)
		}
	}
}

func TestDependsOnOrdersStartAndStop(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterInstance(&recorder{"second", j, nil}, container.Named("second"), container.DependsOn("first"))
	app.RegisterInstance(&recorder{"first", j, nil}, container.Named("first"))
	if starts, stops := lifeOf(t, app, j); starts != "first second" || stops != "second first" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
	app = newApp()
	app.RegisterInstance(&person{}, container.Named("a"), container.DependsOn("b"))
	app.RegisterInstance(&person{}, container.Named("b"), container.DependsOn("a"))
	only(t, startFails(t, app), container.CodeCycle)
	app = newApp()
	app.RegisterInstance(&person{}, container.Named("a"), container.DependsOn("B", "b"))
	app.RegisterInstance(&person{}, container.Named("b"))
	if p := only(t, startFails(t, app), container.CodeMissing); !strings.Contains(detailOf(p, "near"), "b (*container_test.person") {
		t.Errorf("problem %v", p)
	}
}

func TestALazyBeanThatEndsItsGoroutineIsAnError(t *testing.T) {
	app := newApp()
	app.Register(func() *person { runtime.Goexit(); return nil }, container.Lazy())
	start(t, app)
	if _, err := container.Get[*person](app); !errors.Is(err, kernel.ErrBeanCreation) || !strings.Contains(err.Error(), "runtime.Goexit") {
		t.Errorf("got %v", err)
	}
}
