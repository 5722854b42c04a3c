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

func TestALazyBeanThatWaitsForItselfThroughTheContextIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(container.WithStartTimeout(time.Minute))
		app.Register(func(app *container.ApplicationContext) (*person, error) { return container.Get[*person](app) }, container.Lazy())
		start(t, app)
		begun := time.Now()
		_, err := container.Get[*person](app)
		if !errors.Is(err, kernel.ErrBeanCreation) || time.Since(begun) != time.Minute || !strings.Contains(err.Error(), "wait for itself") {
			t.Errorf("after %s: %v", time.Since(begun), err)
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
