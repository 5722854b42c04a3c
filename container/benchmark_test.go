// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/pyfly-go/pyfly/container"
)

// node makes a type of its own for each bean: an array of another length.
func node(i int) reflect.Type {
	return reflect.PointerTo(reflect.ArrayOf(i, reflect.TypeFor[struct{}]()))
}

// constructor returns a func(needs...) *node.
func constructor(i int, needs ...int) any {
	var in []reflect.Type
	for _, n := range needs {
		in = append(in, node(n))
	}
	t := node(i)
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{t}, false), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.New(t.Elem())}
	}).Interface()
}

// BenchmarkStart builds n beans. The module benchmarks compares it with other
// containers.
func BenchmarkStart(b *testing.B) {
	shapes := map[string]func(i int) []int{
		"chain": func(i int) []int {
			if i == 0 {
				return nil
			}
			return []int{i - 1}
		},
		"tree": func(i int) []int {
			if i == 0 {
				return nil
			}
			return []int{(i - 1) / 2}
		},
	}
	for shape, needs := range shapes {
		for _, n := range []int{10, 100, 1000} {
			constructors := make([]any, n)
			for i := range constructors {
				constructors[i] = constructor(i, needs(i)...)
			}
			b.Run(fmt.Sprintf("%s-%d", shape, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					app := newApp()
					for i, c := range constructors {
						app.Register(c, container.Named(fmt.Sprintf("n%d", i)))
					}
					if err := app.Start(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkGet(b *testing.B) {
	app := newApp()
	for i := range 100 {
		app.Register(constructor(i), container.Named(fmt.Sprintf("n%d", i)))
	}
	app.Register(newEnglish)
	if err := app.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := container.Get[*english](app); err != nil {
			b.Fatal(err)
		}
	}
}
