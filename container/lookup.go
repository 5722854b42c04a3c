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
// The error is kernel.ErrNoSuchBean, kernel.ErrAmbiguousBean, [ErrNotStarted],
// kernel.ErrConfig if more than one name is given, or, for a [Lazy] bean or a
// [Prototype] that could not be built, a *[Problem].
// Getting a singleton takes no lock and allocates nothing; it is safe for
// concurrent use.
//
// Beans take what they need as constructor parameters; Get is for main and for
// tests.
func Get[T any](app *ApplicationContext, name ...string) (T, error) {
	var none T
	if len(name) > 1 {
		return none, fmt.Errorf("%w: Get of %s must be given one name at most, not %q", kernel.ErrConfig, reflect.TypeFor[T](), name)
	}
	beans := app.beans.Load()
	if beans == nil {
		return none, ErrNotStarted
	}
	t := reflect.TypeFor[T]()
	if len(name) == 0 {
		if c := beans.graph.byType[t]; c != nil {
			if typed, ok := beans.only[c.number].(T); ok {
				return typed, nil
			}
		}
	}
	bean, err := beans.find(t, name)
	if err != nil {
		return none, err
	}
	return typedAs[T](bean)
}

func typedAs[T any](bean any) (T, error) {
	typed, ok := bean.(T)
	if !ok {
		return typed, fmt.Errorf("%w of type %s: it has been replaced by a %T", kernel.ErrNoSuchBean, reflect.TypeFor[T](), bean)
	}
	return typed, nil
}

// All returns every bean that is a T, by [Order], then by registration. It builds
// those that are [Lazy], and a new one of each [Prototype]. If there are none, it
// returns an empty slice and no error.
func All[T any](app *ApplicationContext) ([]T, error) {
	beans := app.beans.Load()
	if beans == nil {
		return nil, ErrNotStarted
	}
	var all []T
	for _, b := range byOrder(slices.Clone(beans.fitting(reflect.TypeFor[T]()))) {
		bean, err := beans.obtain(b)
		if err != nil {
			return nil, err
		}
		if typed, ok := bean.(T); ok {
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

// beans is what can be got from a started context.
type beans struct {
	graph *graph
	maker *maker
	only  []any      // by the number of a type, the singleton that Get returns
	found sync.Map   // reflect.Type to the singleton that was found for it
	mu    sync.Mutex // guards what the graph remembers of interfaces
}

// newBeans lets the beans of a build that has ended be got.
func newBeans(m *maker) *beans {
	b := &beans{graph: m.graph, maker: m, only: make([]any, len(m.graph.byType))}
	m.mu.Lock()
	defer m.mu.Unlock()
	for t, c := range m.graph.byType {
		if chosen := choose(c.nodes); t.Kind() != reflect.Interface && len(chosen) == 1 && chosen[0].isEager {
			b.only[c.number] = m.slots[chosen[0].position].instance.object
		}
	}
	return b
}

// find resolves what is no plain look-up by a concrete type. What was found
// once is remembered, unless it is a prototype.
func (b *beans) find(t reflect.Type, name []string) (any, error) {
	if len(name) > 0 {
		return b.findNamed(t, name[0])
	}
	if bean, ok := b.found.Load(t); ok {
		return bean, nil
	}
	switch chosen := choose(b.fitting(t)); len(chosen) {
	case 0:
		return nil, fmt.Errorf("%w of type %s%s", kernel.ErrNoSuchBean, t, b.keptOut(b.excluded(t)))
	case 1:
		bean, err := b.obtain(chosen[0])
		if err == nil && chosen[0].scope != ScopePrototype {
			b.found.Store(t, bean)
		}
		return bean, err
	default:
		var names []string
		for _, c := range chosen {
			names = append(names, c.name)
		}
		return nil, fmt.Errorf("%w the type %s: %q; give one of these names, or mark one container.Primary()",
			kernel.ErrAmbiguousBean, t, names)
	}
}

func (b *beans) fitting(t reflect.Type) []*node {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.graph.find(t)
}

func (b *beans) excluded(t reflect.Type) []*definition {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.graph.excluded.find(t)
}

func (b *beans) obtain(wanted *node) (any, error) {
	i, problem := b.maker.obtain(wanted, nil)
	if problem != nil {
		return nil, problem
	}
	return i.object, nil
}

func (b *beans) findNamed(t reflect.Type, name string) (any, error) {
	named := b.graph.byName[name]
	switch {
	case named == nil:
		return nil, fmt.Errorf("%w of type %s named %q%s", kernel.ErrNoSuchBean, t, name,
			b.keptOut(b.graph.excluded.byName[name]))
	case !named.isA(t):
		return nil, fmt.Errorf("%w of type %s named %q: the bean of that name is %s",
			kernel.ErrNoSuchBean, t, name, named.describe())
	}
	return b.obtain(named)
}

// keptOut names the first of the definitions that a condition kept out.
func (b *beans) keptOut(excluded []*definition) string {
	if len(excluded) == 0 {
		return ""
	}
	return ": " + b.graph.keptOut(excluded[0])
}
