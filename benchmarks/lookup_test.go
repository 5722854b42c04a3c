// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/samber/do/v2"
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// BenchmarkLookup gets one singleton among a hundred by its type.
func BenchmarkLookup(b *testing.B) {
	subjects := lookups(b)
	b.Run("serial", func(b *testing.B) { compare(b, append(subjects, digLookup(b))) })
	b.Run("parallel", func(b *testing.B) { compareParallel(b, subjects) })
}

type wanted struct{ found bool }

func newWanted() *wanted { return &wanted{true} }

var errNotFound = errors.New("not found")

func lookups(tb testing.TB) []subject {
	app, table := newApp(), map[reflect.Type]any{}
	app.Register(newWanted)
	table[reflect.TypeFor[*wanted]()] = newWanted()
	for i := range 99 {
		app.Register(constructor(i, previous), container.Named(serviceName(i)))
		table[beanType(i)] = reflect.New(beanType(i).Elem()).Interface()
	}
	if err := app.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	var beans atomic.Pointer[map[reflect.Type]any]
	beans.Store(&table)
	var mu sync.RWMutex
	injector := do.New()
	do.ProvideValue(injector, newWanted())
	for i := range 99 {
		do.ProvideNamedValue(injector, serviceName(i), &service{})
	}
	return []subject{
		{name: "floor", call: func() error {
			w, ok := (*beans.Load())[reflect.TypeFor[*wanted]()].(*wanted)
			if !ok || !w.found {
				return errNotFound
			}
			return nil
		}},
		{name: "map behind RWMutex", call: func() error {
			mu.RLock()
			w, ok := table[reflect.TypeFor[*wanted]()].(*wanted)
			mu.RUnlock()
			if !ok || !w.found {
				return errNotFound
			}
			return nil
		}},
		{name: "do", call: func() error {
			w, err := do.Invoke[*wanted](injector)
			if err != nil || !w.found {
				return errNotFound
			}
			return nil
		}},
		{name: "pyfly", call: func() error {
			w, err := container.Get[*wanted](app)
			if err != nil || !w.found {
				return errNotFound
			}
			return nil
		}},
	}
}

func previous(i int) int { return i - 1 }

// digLookup is not for concurrent use, as a dig.Container is not.
func digLookup(tb testing.TB) subject {
	c := dig.New(dig.DeferAcyclicVerification())
	constructors := []any{newWanted}
	for i := range 99 {
		constructors = append(constructors, constructor(i, previous))
	}
	for _, constructor := range constructors {
		if err := c.Provide(constructor); err != nil {
			tb.Fatal(err)
		}
	}
	return subject{name: "dig Invoke", call: func() error { return c.Invoke(func(*wanted) {}) }}
}
