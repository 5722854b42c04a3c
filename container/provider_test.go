// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestAProviderGetsWhateverCanBeAParameter(t *testing.T) {
	type optional struct {
		dig.In
		Missing container.Provider[*house]  `optional:"true"`
		Named   container.Provider[greeter] `name:"french"`
	}
	app := newApp()
	app.Register(newEnglish, container.Primary())
	app.Register(newFrench)
	app.Register(func() *wagon { return &wagon{} }, container.Prototype())
	checked := false
	app.Register(func(one container.Provider[greeter], all container.Provider[[]greeter],
		byName container.Provider[map[string]greeter], cars container.Provider[*wagon], in optional) *checker {
		return &checker{func() {
			checked = true
			if g, err := one.Get(); err != nil || g.Greet() != "hello" {
				t.Errorf("one: %v, %v", g, err)
			}
			if g, err := all.Get(); err != nil || len(g) != 2 {
				t.Errorf("all: %v, %v", g, err)
			}
			if g, err := byName.Get(); err != nil || g["french"] == nil {
				t.Errorf("by name: %v, %v", g, err)
			}
			if g, err := in.Named.Get(); err != nil || g.Greet() == "hello" {
				t.Errorf("named: %v, %v", g, err)
			}
			if h, err := in.Missing.Get(); err != nil || h != nil {
				t.Errorf("missing: %v, %v", h, err)
			}
			if container.Must(cars.Get()) == container.Must(cars()) {
				t.Error("one prototype for two")
			}
		}}
	})
	start(t, app)
	container.Must(container.Get[*checker](app)).check()
	if !checked {
		t.Error("nothing was checked")
	}
}

func TestAMissingTargetIsReportedAtTheStart(t *testing.T) {
	app := newApp()
	app.Register(func(container.Provider[*house]) *person { return &person{} })
	if p := only(t, startFails(t, app), container.CodeMissing); !strings.Contains(p.What, "*container_test.house") {
		t.Errorf("problem %v", p)
	}
}

type (
	wagon   struct{ _ int }
	checker struct{ check func() }
	hen     struct{ eggs container.Provider[*egg] }
	egg     struct{ hen *hen }
)

func TestAProviderLetsTwoBeansKnowEachOther(t *testing.T) {
	app := newApp()
	app.Register(func(eggs container.Provider[*egg]) *hen { return &hen{eggs} })
	app.Register(func(h *hen) *egg { return &egg{h} })
	start(t, app)
	h := container.Must(container.Get[*hen](app))
	if e := container.Must(h.eggs.Get()); e.hen != h {
		t.Error("not the same hen")
	}
}

func TestGetInAConstructorBuildsWhatIsWanted(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func(get container.Provider[*recorder]) *person {
		container.Must(get.Get())
		j.add("person")
		return &person{}
	})
	app.Register(newFrench)
	app.Register(func(*french) *recorder { j.add("constructor"); return &recorder{"bean", j, nil} })
	start(t, app)
	j.equals(t, "constructor", "PostConstruct bean", "person", "Start bean")
}

func TestACircleThroughProvidersIsAnErrorAndNoDeadlock(t *testing.T) {
	cases := map[string]func(app *container.ApplicationContext){
		"of two": func(app *container.ApplicationContext) {
			app.Register(func(eggs container.Provider[*egg]) (*hen, error) { _, err := eggs.Get(); return &hen{}, err })
			app.Register(func(h *hen) *egg { return &egg{h} })
		},
		"of two, from another goroutine": func(app *container.ApplicationContext) {
			app.Register(func(eggs container.Provider[*egg]) (*hen, error) {
				err := make(chan error)
				go func() { _, e := eggs.Get(); err <- e }()
				return &hen{}, <-err
			})
			app.Register(func(h *hen) *egg { return &egg{h} })
		},
		"of one": func(app *container.ApplicationContext) {
			app.Register(func(get container.Provider[*person]) (*person, error) { _, err := get.Get(); return &person{}, err })
		},
		"of prototypes": func(app *container.ApplicationContext) {
			app.Register(func(get container.Provider[*car]) (*car, error) { _, err := get.Get(); return &car{}, err }, container.Prototype())
			app.Register(func(*car) *person { return &person{} })
		},
		"of a prototype and a singleton": func(app *container.ApplicationContext) {
			app.Register(func(p *person) *car { return &car{} }, container.Prototype())
			app.Register(func(get container.Provider[*car]) (*person, error) { _, err := get.Get(); return &person{}, err })
		},
	}
	for name, register := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp()
				register(app)
				if report := startFails(t, app); !errors.Is(report, kernel.ErrCircularDependency) {
					t.Errorf("report %v", report)
				}
			})
		})
	}
}

// asking is a bean one of whose hooks, or whose constructor, asks for something.
type asking struct {
	when string
	ask  func() error
}

func (a *asking) PostConstruct(context.Context) error { return a.during("PostConstruct") }
func (a *asking) Start(context.Context) error         { return a.during("Start") }

func (a *asking) during(when string) error {
	if a.when == when {
		return a.ask()
	}
	return nil
}

// other is another such bean.
type other struct{ asking }

func newAsking(when string, ask func() error) func() (*asking, error) {
	return func() (*asking, error) {
		a := &asking{when, ask}
		return a, a.during("constructor")
	}
}

func newOther(when string, ask func() error) func() (*other, error) {
	return func() (*other, error) {
		o := &other{asking{when, ask}}
		return o, o.during("constructor")
	}
}

func TestGetByTheMakerOfABeanReportsTheCircle(t *testing.T) {
	get := func(app *container.ApplicationContext) func() error {
		return func() error { _, err := container.Get[*asking](app); return err }
	}
	for _, when := range []string{"constructor", "PostConstruct", "Start"} {
		cases := map[string]func(app *container.ApplicationContext){
			"lazy": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, get(app)), container.Lazy())
			},
			"lazy, by All": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, func() error { _, err := container.All[*asking](app); return err }), container.Lazy())
			},
			"lazy, through another": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, func() error { _, err := container.Get[*other](app); return err }), container.Lazy())
				app.Register(newOther(when, get(app)), container.Lazy())
			},
			"lazy, through a prototype": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, func() error { _, err := container.Get[*person](app); return err }), container.Lazy())
				app.Register(func() (*person, error) { return &person{}, get(app)() }, container.Prototype())
			},
			"lazy, through what needs it": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, func() error { _, err := container.Get[*person](app); return err }), container.Lazy())
				app.Register(func(*asking) *person { return &person{} }, container.Lazy())
			},
			"lazy, through the Provider of a bean that is there": func(app *container.ApplicationContext) {
				app.Register(func(holder container.Provider[*askers]) (*asking, error) {
					return newAsking(when, func() error { return container.Must(holder.Get()).get() })()
				}, container.Lazy())
				app.Register(func(p container.Provider[*asking]) *askers {
					return &askers{func() error { _, err := p.Get(); return err }}
				})
			},
			"prototype": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, get(app)), container.Prototype())
			},
			"prototype, through another": func(app *container.ApplicationContext) {
				app.Register(newAsking(when, func() error { _, err := container.Get[*other](app); return err }), container.Prototype())
				app.Register(newOther(when, get(app)), container.Prototype())
			},
		}
		for name, register := range cases {
			if when == "Start" && strings.HasPrefix(name, "prototype") {
				continue // it is never started
			}
			t.Run(when+" of a "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					app := newApp()
					register(app)
					start(t, app)
					begun := time.Now()
					if err := get(app)(); !errors.Is(err, kernel.ErrCircularDependency) || time.Since(begun) > 0 {
						t.Errorf("after %s: %v", time.Since(begun), err)
					}
				})
			})
		}
	}
}

// askers ask for a bean.
type askers struct{ get func() error }

func TestAPostProcessorThatGetsTheBeanItProcessesIsToldOfTheCircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp()
		app.RegisterPostProcessor(&processor{after: func(bean any, name string) (any, error) {
			if name != "person" {
				return bean, nil
			}
			return container.Get[*person](app)
		}})
		app.Register(func() *person { return &person{} }, container.Lazy())
		start(t, app)
		if _, err := container.Get[*person](app); !errors.Is(err, kernel.ErrCircularDependency) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatAProviderGetsIsStartedFirstAndStoppedLast(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func(container.Provider[*first]) *second { return &second{recorder{"taker", j, nil}} })
	app.Register(func() *first { return &first{recorder{"wanted", j, nil}} })
	if starts, stops := lifeOf(t, app, j); starts != "wanted taker" || stops != "taker wanted" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
}

func TestAWantedBeanThatNeedsTheTakerIsStartedAfterIt(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func(*second) *first { return &first{recorder{"wanted", j, nil}} })
	app.Register(func(container.Provider[*first]) *second { return &second{recorder{"taker", j, nil}} })
	if starts, stops := lifeOf(t, app, j); starts != "taker wanted" || stops != "wanted taker" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
}

func TestAProviderThatNobodyInjectedIsAnError(t *testing.T) {
	var p container.Provider[*person]
	if _, err := p.Get(); !errors.Is(err, kernel.ErrNoSuchBean) {
		t.Errorf("got %v", err)
	}
	p = func() (*person, error) { return &person{name: "fake"}, nil } // what a test does
	if got, err := p.Get(); err != nil || got.name != "fake" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAProviderAfterStop(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(newFrench, container.Lazy())
	type both struct {
		built container.Provider[*english]
		lazy  container.Provider[*french]
	}
	app.Register(func(built container.Provider[*english], lazy container.Provider[*french]) *both {
		return &both{built, lazy}
	})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := container.Must(container.Get[*both](app))
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.built.Get(); err != nil {
		t.Errorf("a bean that exists: %v", err)
	}
	if _, err := b.lazy.Get(); !errors.Is(err, container.ErrNotStarted) {
		t.Errorf("one that was never built: %v", err)
	}
}
