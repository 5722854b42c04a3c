// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/pyfly-go/pyfly/kernel"
)

// ErrNotStarted is returned by Get and All while the context is not started,
// or its beans are still being built.
var ErrNotStarted = errors.New("the application context is not started: its beans exist between Start and Stop")

// Get returns the bean of type T, or the bean that implements the interface T,
// by the rules by which parameters are injected. A name picks one of several.
// The error is kernel.ErrNoSuchBean, kernel.ErrAmbiguousBean or
// [ErrNotStarted]. Getting a singleton takes no lock and allocates nothing; it
// is safe for concurrent use.
//
// Beans take what they need as constructor parameters; Get is for main and for
// tests.
func Get[T any](app *ApplicationContext, name ...string) (T, error) {
	var none T
	beans := app.beans.Load()
	if beans == nil {
		return none, ErrNotStarted
	}
	t := reflect.TypeFor[T]()
	if len(name) == 0 {
		if bean, ok := beans.only[t]; ok {
			if typed, ok := bean.(T); ok {
				return typed, nil
			}
		}
	}
	bean, err := beans.find(t, name)
	if err != nil {
		return none, err
	}
	typed, ok := bean.(T)
	if !ok {
		return none, fmt.Errorf("%w of type %s: it has been replaced by a %T", kernel.ErrNoSuchBean, t, bean)
	}
	return typed, nil
}

// All returns every bean that is a T, by [Order], then by registration. There
// may be none. The error is [ErrNotStarted].
func All[T any](app *ApplicationContext) ([]T, error) {
	beans := app.beans.Load()
	if beans == nil {
		return nil, ErrNotStarted
	}
	var all []T
	for _, d := range byOrder(slices.Clone(beans.graph.find(reflect.TypeFor[T]()))) {
		if typed, ok := d.built.value.Interface().(T); ok {
			all = append(all, typed)
		}
	}
	return all, nil
}

// Must returns v, and panics if err is not nil: for the first lines of main
// and for tests, around Get.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// beans is what can be got from a started context. It never changes.
type beans struct {
	graph      *graph
	only       map[reflect.Type]any // the bean of each type that has only one
	interfaces sync.Map             // reflect.Type to the bean found for it
}

func newBeans(g *graph) *beans {
	b := &beans{graph: g, only: make(map[reflect.Type]any, len(g.definitions))}
	for t, definitions := range g.byType {
		if chosen := choose(definitions); t.Kind() != reflect.Interface && len(chosen) == 1 {
			b.only[t] = chosen[0].built.value.Interface()
		}
	}
	return b
}

// find resolves what is no plain look-up by a concrete type. Interfaces that
// were found once are remembered.
func (b *beans) find(t reflect.Type, name []string) (any, error) {
	if len(name) > 0 {
		return b.findNamed(t, name[0])
	}
	if bean, ok := b.interfaces.Load(t); ok {
		return bean, nil
	}
	switch chosen := choose(b.graph.find(t)); len(chosen) {
	case 0:
		return nil, fmt.Errorf("%w of type %s", kernel.ErrNoSuchBean, t)
	case 1:
		bean := chosen[0].built.value.Interface()
		b.interfaces.Store(t, bean)
		return bean, nil
	default:
		var names []string
		for _, d := range chosen {
			names = append(names, d.name)
		}
		return nil, fmt.Errorf("%w the type %s: %q; give one of these names, or mark one container.Primary()",
			kernel.ErrAmbiguousBean, t, names)
	}
}

func (b *beans) findNamed(t reflect.Type, name string) (any, error) {
	for _, d := range b.graph.find(t) {
		if d.name == name {
			return d.built.value.Interface(), nil
		}
	}
	for _, d := range b.graph.definitions {
		if d.name == name {
			return nil, fmt.Errorf("%w of type %s named %q: the bean of that name is %s",
				kernel.ErrNoSuchBean, t, name, d.describe())
		}
	}
	return nil, fmt.Errorf("%w of type %s named %q", kernel.ErrNoSuchBean, t, name)
}
