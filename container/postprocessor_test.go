// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// processor is a post-processor made of functions.
type processor struct {
	before, after func(bean any, name string) (any, error)
}

func (p *processor) BeforeInit(bean any, name string) (any, error) { return call(p.before, bean, name) }
func (p *processor) AfterInit(bean any, name string) (any, error)  { return call(p.after, bean, name) }

func call(fn func(any, string) (any, error), bean any, name string) (any, error) {
	if fn == nil {
		return bean, nil
	}
	return fn(bean, name)
}

// noting records under its own name every bean it sees.
func noting(j *journal, name string) *processor {
	note := func(step string) func(any, string) (any, error) {
		return func(bean any, beanName string) (any, error) {
			if _, ours := bean.(*processor); !ours {
				j.add(step + " " + name + " " + beanName)
			}
			return bean, nil
		}
	}
	return &processor{before: note("BeforeInit"), after: note("AfterInit")}
}

func TestTheLifeOfABean(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func(r *recorder) *person { j.add("injected"); return &person{} })
	app.Register(func() *recorder { j.add("constructor"); return &recorder{name: "bean", journal: j} })
	app.RegisterPostProcessor(noting(j, "second"), container.Order(2))
	app.RegisterPostProcessor(noting(j, "first"), container.Order(1))
	app.RegisterPostProcessor(noting(j, "third"), container.Order(2))
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t,
		"constructor",
		"BeforeInit first recorder", "BeforeInit second recorder", "BeforeInit third recorder",
		"PostConstruct bean",
		"AfterInit first recorder", "AfterInit second recorder", "AfterInit third recorder",
		"injected",
		"BeforeInit first person", "BeforeInit second person", "BeforeInit third person",
		"AfterInit first person", "AfterInit second person", "AfterInit third person",
		"Start bean", "Stop bean", "PreDestroy bean")
}

func TestProcessorsOfExtremeOrders(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterPostProcessor(noting(j, "last"), container.Order(math.MaxInt))
	app.RegisterPostProcessor(noting(j, "middle"))
	app.RegisterPostProcessor(noting(j, "second"), container.Order(-1))
	app.RegisterPostProcessor(noting(j, "first"), container.Order(math.MinInt))
	app.RegisterInstance(&person{})
	start(t, app)
	j.equals(t, "BeforeInit first person", "BeforeInit second person", "BeforeInit middle person", "BeforeInit last person",
		"AfterInit first person", "AfterInit second person", "AfterInit middle person", "AfterInit last person")
}

type shouting struct{ greeter }

func (s shouting) Greet() string { return strings.ToUpper(s.greeter.Greet()) }

func shout(bean any, _ string) (any, error) {
	if g, ok := bean.(greeter); ok {
		return shouting{g}, nil
	}
	return bean, nil
}

func TestAReplacementIsWhatEveryoneGets(t *testing.T) {
	type early struct{ g greeter }
	type collector struct{ all []greeter }
	app := newApp()
	app.Register(func(g greeter) *early { return &early{g} })
	app.Register(func() greeter { return &english{} })
	app.RegisterPostProcessor(&processor{after: shout})
	app.Register(func(all []greeter) *collector { return &collector{all} })
	start(t, app)

	if got := container.Must(container.Get[*early](app)).g.Greet(); got != "HELLO" {
		t.Errorf("injected: %q", got)
	}
	if got := container.Must(container.Get[*collector](app)).all[0].Greet(); got != "HELLO" {
		t.Errorf("collected: %q", got)
	}
	if got := container.Must(container.Get[greeter](app)).Greet(); got != "HELLO" {
		t.Errorf("got: %q", got)
	}
}

func TestABeanRegisteredAsAnInterfaceMayBeReplaced(t *testing.T) {
	app := newApp()
	app.Register(newEnglish, container.As[greeter]())
	app.RegisterPostProcessor(&processor{before: shout})
	app.Register(func(g greeter) *person { return &person{g.Greet()} })
	start(t, app)
	if got := container.Must(container.Get[*person](app)).name; got != "HELLO" {
		t.Errorf("got %q", got)
	}
}

func TestABeanOfSeveralInterfacesIsProcessedOnce(t *testing.T) {
	type user struct{}
	j := &journal{}
	app := newApp()
	app.RegisterPostProcessor(noting(j, "p"))
	app.Register(newEnglish, container.As[greeter](), container.As[fmt.Stringer]())
	app.Register(func(greeter, fmt.Stringer, []greeter, *english) *user { return &user{} })
	start(t, app)
	j.equals(t, "BeforeInit p english", "AfterInit p english", "BeforeInit p user", "AfterInit p user")
}

func (*english) String() string { return "english" }

func TestInstancesAreProcessed(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterPostProcessor(noting(j, "p"))
	app.RegisterInstance(&person{"Ada"})
	start(t, app)
	j.equals(t, "BeforeInit p person", "AfterInit p person")
}

type countingProcessor struct {
	processor
	greeter *english
	journal *journal
}

func (p *countingProcessor) AfterInit(bean any, name string) (any, error) {
	p.journal.add("counting " + name)
	return bean, nil
}

func TestAProcessorMayBeABeanThatNeedsBeans(t *testing.T) {
	var log bytes.Buffer
	j := &journal{}
	app := newApp(container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Register(func() *person { return &person{} })
	app.Register(newEnglish)
	app.Register(func(e *english) *countingProcessor { return &countingProcessor{greeter: e, journal: j} })
	start(t, app)

	j.equals(t, "counting person")
	warning := log.String()
	for _, want := range []string{"level=WARN", "bean=english", "missed=countingProcessor", `chain="countingProcessor -> english"`} {
		if !strings.Contains(warning, want) {
			t.Errorf("the early bean is not warned of by %s: %s", want, warning)
		}
	}
}

// forPersons is meant for persons only.
type forPersons struct {
	countingProcessor
}

func (*forPersons) Processes(t reflect.Type) bool { return t == reflect.TypeFor[*person]() }

func TestASelectiveProcessorSeesItsTypesAndCausesNoWarningForOthers(t *testing.T) {
	var log bytes.Buffer
	j := &journal{}
	app := newApp(container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Register(newEnglish)
	app.Register(newFrench)
	app.Register(func() *person { return &person{} })
	app.Register(func(e *english) *forPersons { return &forPersons{countingProcessor{journal: j}} })
	start(t, app)
	j.equals(t, "counting person")
	if strings.Contains(log.String(), "WARN") {
		t.Errorf("warned: %s", log.String())
	}
}

func TestAProcessorThatFailsIsNamed(t *testing.T) {
	rejected := errors.New("not licensed")
	cases := map[string]struct {
		step func(any, string) (any, error)
		code container.ProblemCode
		text string
		is   error
	}{
		"an error": {func(any, string) (any, error) { return nil, rejected }, container.CodeProcessor, "not licensed", rejected},
		"a wrong declaration": {func(any, string) (any, error) {
			return nil, &container.Problem{Code: container.CodeDeclaration, What: "not licensed", Err: rejected}
		}, container.CodeDeclaration, "not licensed", rejected},
		"another problem": {func(any, string) (any, error) {
			return nil, &container.Problem{Code: container.CodeMissing, What: "not licensed", Err: rejected}
		}, container.CodeProcessor, "not licensed", rejected},
		"nil": {func(any, string) (any, error) { return nil, nil }, container.CodeProcessor, "returned nil", kernel.ErrBeanCreation},
		"a nil pointer": {func(any, string) (any, error) { return (*english)(nil), nil },
			container.CodeProcessor, "returned nil", kernel.ErrBeanCreation},
		"a panic": {func(any, string) (any, error) { panic("oops") }, container.CodeProcessor, "oops", kernel.ErrBeanCreation},
		"another type": {func(any, string) (any, error) { return &french{}, nil },
			container.CodeReplacement, "*container_test.french, which is not a *container_test.english", kernel.ErrBeanCreation},
	}
	for name, c := range cases {
		for _, p := range []*processor{{before: onlyEnglish(c.step)}, {after: onlyEnglish(c.step)}} {
			t.Run(name, func(t *testing.T) {
				app := newApp()
				app.RegisterPostProcessor(p)
				app.Register(newEnglish)
				report := startFails(t, app)
				problem := only(t, report, c.code)
				for _, want := range []string{c.text, "processor", "english"} {
					if !strings.Contains(problem.What, want) {
						t.Errorf("%q does not say %q", problem.What, want)
					}
				}
				if !errors.Is(report, c.is) {
					t.Errorf("the report is not %v", c.is)
				}
			})
		}
	}
}

func onlyEnglish(step func(any, string) (any, error)) func(any, string) (any, error) {
	return func(bean any, name string) (any, error) {
		if _, ok := bean.(*english); !ok {
			return bean, nil
		}
		return step(bean, name)
	}
}

func TestAReplacementThatADependentCannotTakeNamesTheProcessor(t *testing.T) {
	app := newApp()
	app.RegisterPostProcessor(&processor{after: shout})
	app.Register(newEnglish, container.As[greeter]())
	app.Register(func(e *english) *person { return &person{} })
	problem := only(t, startFails(t, app), container.CodeReplacement)
	if !strings.Contains(problem.What, "which is not a *container_test.english") {
		t.Error(problem.What)
	}
}

func TestAProcessorThatFailsToBeMadeStopsTheBuilding(t *testing.T) {
	app := newApp()
	built := false
	app.Register(func() *person { built = true; return &person{} })
	app.Register(func() (*countingProcessor, error) { return nil, errors.New("no licence") })
	only(t, startFails(t, app), container.CodeConstructor)
	if built {
		t.Error("a bean was built without the processor")
	}
}

func TestHooksOfTheOriginalAreNotLostBehindAProxy(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func() greeter { return &startingGreeter{recorder{name: "bean", journal: j}, english{}} })
	app.RegisterPostProcessor(&processor{after: shout})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	j.equals(t, "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean")
}

type startingGreeter struct {
	recorder
	english
}

var (
	_ lifecycle.PostConstructor = (*recorder)(nil)
	_ lifecycle.Starter         = (*recorder)(nil)
	_ lifecycle.Stopper         = (*recorder)(nil)
	_ lifecycle.PreDestroyer    = (*recorder)(nil)
)

type awareBean struct{ app *container.ApplicationContext }

func (b *awareBean) SetApplicationContext(app *container.ApplicationContext) { b.app = app }

func TestAwareBeansAreToldTheirContext(t *testing.T) {
	app := newApp()
	app.Register(func() *awareBean { return &awareBean{} })
	start(t, app)
	if container.Must(container.Get[*awareBean](app)).app != app {
		t.Error("not told")
	}
}

// undertaker is a processor that is told of destructions.
type undertaker struct {
	processor
	name    string
	journal *journal
	err     error
}

func (u *undertaker) BeforeDestroy(bean any, beanName string) error {
	u.journal.add(u.name + " buries " + beanName)
	if _, ok := bean.(*recorder); ok {
		return u.err
	}
	return nil
}

func TestDestructionAwareProcessorsAreToldBeforeABeanIsDestroyed(t *testing.T) {
	j := &journal{}
	sad := errors.New("sad")
	app := newApp()
	app.RegisterPostProcessor(&undertaker{name: "first", journal: j}, container.Order(1))
	app.RegisterPostProcessor(&undertaker{name: "second", journal: j, err: sad}, container.Order(2), container.Named("other"))
	app.RegisterInstance(&recorder{"bean", j, nil})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	err := app.Stop(context.Background())
	if !errors.Is(err, sad) || !strings.Contains(err.Error(), "BeforeDestroy by other of recorder") {
		t.Errorf("Stop returned %v", err)
	}
	j.equals(t, "PostConstruct bean", "Start bean", "Stop bean",
		"second buries recorder", "first buries recorder", "PreDestroy bean", "first buries other")
}
