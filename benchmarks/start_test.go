// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"github.com/samber/do/v2"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// BenchmarkStart registers and builds n beans, each of a type of its own, and
// throws them away: dig and do drop their containers, the others are stopped.
// PyFly is measured with a post-processor that sees every bean, and without.
func BenchmarkStart(b *testing.B) {
	for _, shape := range shapes {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s-%d", shape.name, n), func(b *testing.B) { compare(b, starts(n, shape.needs)) })
		}
	}
}

var sizes = []int{10, 100, 1000, 5000, 10000}

// shapes say what the i-th of the beans needs; the first needs nothing.
var shapes = []struct {
	name  string
	needs func(i int) int
}{
	{"chain", previous},
	{"tree", func(i int) int { return (i - 1) / 2 }},
}

// beanType makes a type for each bean: a pointer to an array of another length, which takes no room.
func beanType(i int) reflect.Type {
	return reflect.PointerTo(reflect.ArrayOf(i+1, reflect.TypeFor[struct{}]()))
}

// constructor makes a func(*need) *bean, or a func() *bean for the first.
func constructor(i int, needs func(int) int) any {
	var in []reflect.Type
	if i > 0 {
		in = []reflect.Type{beanType(needs(i))}
	}
	bean := beanType(i)
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{bean}, false), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.New(bean.Elem())}
	}).Interface()
}

// consumer makes a func(*bean).
func consumer(i int) any {
	return reflect.MakeFunc(reflect.FuncOf([]reflect.Type{beanType(i)}, nil, false),
		func([]reflect.Value) []reflect.Value { return nil }).Interface()
}

func starts(n int, needs func(int) int) []subject {
	constructors, names, isNeeded := make([]any, n), make([]string, n), make([]bool, n)
	for i := range constructors {
		constructors[i], names[i] = constructor(i, needs), serviceName(i)
		if i > 0 {
			isNeeded[needs(i)] = true
		}
	}
	// dig and fx build what is asked for: asking for what nobody needs is the
	// least they must be asked.
	var consumers []any
	for i := range constructors {
		if !isNeeded[i] {
			consumers = append(consumers, consumer(i))
		}
	}
	return []subject{
		{name: "pyfly", call: func() error { return startPyFly(constructors, names, passing{}) }},
		{name: "pyfly without post-processor", call: func() error { return startPyFly(constructors, names) }},
		{name: "dig", call: func() error { return startDig(constructors, consumers) }},
		{name: "fx", call: func() error { return startFx(constructors, consumers) }},
		{name: "do", call: func() error { return startDo(names, needs, isNeeded) }},
	}
}

func newApp() *container.ApplicationContext {
	return container.NewApplicationContext(
		container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
}

// passing is a post-processor that sees every bean and lets it pass.
type passing struct{}

func (passing) BeforeInit(bean any, _ string) (any, error) { return bean, nil }
func (passing) AfterInit(bean any, _ string) (any, error)  { return bean, nil }

func startPyFly(constructors []any, names []string, processors ...lifecycle.BeanPostProcessor) error {
	app := newApp()
	for _, p := range processors {
		app.RegisterPostProcessor(p)
	}
	for i, c := range constructors {
		app.Register(c, container.Named(names[i]))
	}
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	return app.Stop(context.Background())
}

func startDig(constructors, consumers []any) error {
	c := dig.New(dig.DeferAcyclicVerification())
	for _, constructor := range constructors {
		if err := c.Provide(constructor); err != nil {
			return err
		}
	}
	for _, consumer := range consumers {
		if err := c.Invoke(consumer); err != nil {
			return err
		}
	}
	return nil
}

func startFx(constructors, consumers []any) error {
	app := fx.New(fx.NopLogger, fx.Provide(constructors...), fx.Invoke(consumers...))
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	return app.Stop(context.Background())
}

// service is what do provides: it tells services apart by name, so they may be
// of one type.
type service struct{ needed *service }

func startDo(names []string, needs func(int) int, isNeeded []bool) error {
	injector := do.New()
	for i, name := range names {
		do.ProvideNamed(injector, name, func(injector do.Injector) (*service, error) {
			if i == 0 {
				return &service{}, nil
			}
			needed, err := do.InvokeNamed[*service](injector, names[needs(i)])
			return &service{needed}, err
		})
	}
	for i, name := range names {
		if isNeeded[i] {
			continue
		}
		if _, err := do.InvokeNamed[*service](injector, name); err != nil {
			return err
		}
	}
	return nil
}

func serviceName(i int) string { return fmt.Sprint("bean", i) }
