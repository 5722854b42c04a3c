// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// bigApps make applications of n beans that are wrong or need each other in many
// ways.
var bigApps = map[string]func(app *container.ApplicationContext, n int){
	"each misses a bean of its own": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(constructor(i, n+i), container.Named(fmt.Sprint("bean", i)))
		}
	},
	"a chain, each of which misses a bean": func(app *container.ApplicationContext, n int) {
		for i := range n {
			needs := []int{n + i}
			if i > 0 {
				needs = append(needs, i-1)
			}
			app.Register(constructor(i, needs...), container.Named(fmt.Sprint("bean", i)))
		}
	},
	"each misses an interface": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(taking(i, reflect.TypeFor[greeter]()), container.Named(fmt.Sprint("greeter", i)))
		}
	},
	"each misses one that a condition keeps out": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(constructor(n+i), container.Named(fmt.Sprint("out", i)), container.Profile("never"))
			app.Register(constructor(i, n+i), container.Named(fmt.Sprint("bean", i)))
		}
	},
	"each is given too many": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.RegisterInstance(&english{}, container.Named(fmt.Sprint("english", i)))
			app.Register(taking(i, reflect.TypeFor[greeter]()), container.Named(fmt.Sprint("bean", i)))
		}
	},
	"each depends on a name": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.RegisterInstance(&person{}, container.Named(fmt.Sprint("bean", i)), container.DependsOn(fmt.Sprint("Bean", i)))
		}
	},
	"each closes a circle": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(constructor(i, (i+1)%n, 0), container.Named(fmt.Sprint("bean", i)))
		}
	},
	"each overrides another type": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(constructor(i), container.Named(fmt.Sprint("bean", i)))
			app.Override(constructor(i), container.Named("none"))
		}
	},
	"each is a member of a group": func(app *container.ApplicationContext, n int) {
		for range n {
			app.RegisterInstance(&person{}, container.Group("persons"))
		}
		app.Register(newChoir)
	},
	"each is there unless another is": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(constructor(i), container.Named(fmt.Sprint("bean", i)), container.OnMissingBean[greeter]())
		}
		app.Register(newPassenger)
	},
	"each fails": func(app *container.ApplicationContext, n int) {
		for i := range n {
			app.Register(failing(i), container.Named(fmt.Sprint("bean", i)))
		}
	},
}

// taking makes a constructor of the i-th type that takes a bean of type t.
func taking(i int, t reflect.Type) any {
	fn := reflect.FuncOf([]reflect.Type{t}, []reflect.Type{node(i)}, false)
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.New(node(i).Elem())}
	}).Interface()
}

// failing makes a constructor of the i-th type that fails.
func failing(i int) any {
	fn := reflect.FuncOf(nil, []reflect.Type{node(i), reflect.TypeFor[error]()}, false)
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.Zero(node(i)), reflect.ValueOf(errors.New("boom"))}
	}).Interface()
}

// TestReportsOfManyBeans gives each report a time that one that looks at all beans
// for each bean does not keep.
func TestReportsOfManyBeans(t *testing.T) {
	n, limit := 3000, 10*time.Second
	if isRace {
		n = 1000
	}
	for name, register := range bigApps {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			register(app, n)
			begun := time.Now()
			text := startFails(t, app).Error()
			if took := time.Since(begun); took > limit {
				t.Errorf("%d beans take %s", n, took)
			}
			if size := len(text); size > 10_000*n {
				t.Errorf("the report of %d beans has %d bytes", n, size)
			}
		})
	}
}

func TestLongChainsAndCirclesAreShortened(t *testing.T) {
	app := newApp()
	bigApps["a chain, each of which misses a bean"](app, 100)
	bean0 := startFails(t, app).Problems[0]
	if chain := detailOf(bean0, "chain"); !strings.HasPrefix(chain, "bean99 -> (80 more) -> bean18 -> ") || !strings.HasSuffix(chain, " -> bean0") {
		t.Errorf("chain %q", chain)
	}
	app = newApp()
	for i := range 200 {
		app.Register(constructor(i, (i+1)%200), container.Named(fmt.Sprint("bean", i)))
	}
	p := only(t, startFails(t, app), container.CodeCycle)
	if !strings.Contains(p.What, "bean49 -> (100 more) -> bean150 -> ") || !errors.Is(p, kernel.ErrCircularDependency) {
		t.Errorf("problem %v", p)
	}
}

// TestAChainThroughDiamondsIsFoundAtOnce puts layers of two beans, each of which
// needs both of the next layer, below a processor: there are 2^layers ways.
func TestAChainThroughDiamondsIsFoundAtOnce(t *testing.T) {
	const layers = 60
	log := &lines{}
	app := newApp(container.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	for i := range 2 * layers {
		var needs []int
		if next := i/2*2 + 2; next < 2*layers {
			needs = []int{next, next + 1}
		}
		app.Register(constructor(i, needs...), container.Named(fmt.Sprint("bean", i)))
	}
	processorType := reflect.TypeFor[*countingProcessor]()
	fn := reflect.FuncOf([]reflect.Type{node(0), node(1)}, []reflect.Type{processorType}, false)
	app.Register(reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(&countingProcessor{journal: &journal{}})}
	}).Interface())
	begun := time.Now()
	start(t, app)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the start took %s", took)
	}
	if log.count(`chain="countingProcessor -> bean0 -> bean2 -> bean4"`) != 1 || log.count("level=WARN") != 2*layers {
		t.Errorf("logged: %s", log.text.String())
	}
}
