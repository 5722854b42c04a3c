// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"reflect"
)

// BeanOption says more about a bean at its registration.
type BeanOption func(*definition)

// Named gives the bean a name of its own, instead of its type's with a
// lower-case first letter. A constructor asks for it by name through a struct
// with dig.In and a field tagged `name:"..."`.
func Named(name string) BeanOption {
	return func(d *definition) { d.name, d.isNamed = name, true }
}

// As registers the bean as the interface I instead of its own type, so that a
// post-processor may replace it by anything that implements I. It may be given
// several times. A bean need not be registered As an interface to be injected
// where the interface is asked for.
func As[I any]() BeanOption {
	return func(d *definition) {
		t := reflect.TypeFor[I]()
		switch {
		case t.Kind() != reflect.Interface:
			d.fail(fmt.Sprintf("%s was registered As %s, which is not an interface", d.made, t), "give As an interface")
		case !d.made.Implements(t):
			d.fail(fmt.Sprintf("%s was registered As %s, which it does not implement%s", d.made, t, pointerHint(d.made, t)),
				"implement the interface or register the bean without As")
		default:
			d.as = append(d.as, t)
			d.typ = d.as[0]
		}
	}
}

func pointerHint(t, iface reflect.Type) string {
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface) {
		return " (but *" + t.String() + " does)"
	}
	return ""
}

// Primary makes the bean the one that is taken where several fit.
func Primary() BeanOption {
	return func(d *definition) { d.primary = true }
}

// Order places the bean in collections, in All and among post-processors: lower
// comes first, equal keeps the order of registration. The default is 0.
func Order(n int) BeanOption {
	return func(d *definition) { d.order = n }
}

// Lazy lets the bean be built on first use instead of at the start: by [Get],
// [All], [Provider], or because a bean that is built needs it. It then goes
// through the whole life of a bean, Start included; many goroutines may be the
// first, and one of them builds it. A failure is returned to all who asked
// meanwhile, and the next to ask tries again. A lazy bean that is first used
// while the context still starts is started as the last.
func Lazy() BeanOption {
	return func(d *definition) { d.scope = ScopeLazySingleton }
}

// Prototype makes a new bean for each injection point and for each [Get]. It
// goes through the post-processors and PostConstruct like any other, and then
// belongs to whoever got it: the context neither starts nor stops nor destroys
// it, unless it could not be handed out.
func Prototype() BeanOption {
	return func(d *definition) { d.scope = ScopePrototype }
}

// DependsOn names beans that must be built and started before this one and
// stopped after it, though its constructor does not take them.
func DependsOn(names ...string) BeanOption {
	return func(d *definition) { d.dependsOn = append(d.dependsOn, names...) }
}

// Phase places the bean's Start and Stop: lower phases start first and stop
// last. It wins over the bean's own Phase method (see lifecycle.Phased); the
// default is 0. What a bean depends on is started before it whatever its phase.
func Phase(n int) BeanOption {
	return func(d *definition) { d.givenPhase = &n }
}

// Group makes the bean a member of a value group, as dig knows them: it is
// found by fields of dig.In structs tagged `group:"..."`, and only by them.
func Group(name string) BeanOption {
	return func(d *definition) { d.groups = append(d.groups, name) }
}

// Stereotype says what part the bean plays, "service", "repository", "client".
// It is shown by Beans and has no effect.
func Stereotype(name string) BeanOption {
	return func(d *definition) { d.stereotype = name }
}

// Customize runs fn on the bean right after its construction, before anything
// else happens to it: for what a constructor does not take. T is the bean's type
// or an interface it implements. An error is the constructor's.
func Customize[T any](fn func(bean T) error) BeanOption {
	return func(d *definition) {
		var customize func(context.Context, T) error
		if fn != nil {
			customize = func(_ context.Context, bean T) error { return fn(bean) }
		}
		d.customizers = append(d.customizers, hookOf(d, "Customize", customize))
	}
}

// Attach is for other packages of this module, which offer bean options of their
// own. It is [Customize] under the name of such an option, and keeps a value with the
// registration: [Attached] returns it before the bean is made.
func Attach[T any](option string, value any, fn func(bean T) error) BeanOption {
	return func(d *definition) {
		d.attached = append(d.attached, value)
		d.customizers = append(d.customizers, hookOf(d, option, func(_ context.Context, bean T) error { return fn(bean) }))
	}
}

// Attached is for other packages of this module. It returns what options of a
// registration attach.
func Attached(constructor any, opts ...BeanOption) []any {
	return newDefinition(constructor, callers{}, opts).attached
}

// OnStart runs fn when the bean is started, after its own Start method if it
// has one: for types that are not ours. T is the bean's type or an interface it
// implements. If a post-processor has replaced the bean by something of another
// type, fn gets what the constructor returned.
func OnStart[T any](fn func(ctx context.Context, bean T) error) BeanOption {
	return func(d *definition) { d.onStart = append(d.onStart, hookOf(d, "OnStart", fn)) }
}

// OnStop runs fn when the bean is stopped, before its own Stop method if it has
// one: for types that are not ours. It gets the same bean as a function of
// [OnStart], and is not run if one of these failed.
func OnStop[T any](fn func(ctx context.Context, bean T) error) BeanOption {
	return func(d *definition) { d.onStop = append(d.onStop, hookOf(d, "OnStop", fn)) }
}

func hookOf[T any](d *definition, option string, fn func(context.Context, T) error) hookFunc {
	t := reflect.TypeFor[T]()
	switch {
	case fn == nil:
		d.fail(option+" of "+d.made.String()+" was given a nil function", "give it a function")
	case !d.made.AssignableTo(t) && d.made.Kind() != reflect.Interface:
		d.fail(fmt.Sprintf("%s of %s takes a bean of type %s", option, d.made, t), "take a "+d.made.String())
	}
	return func(ctx context.Context, bean any) error {
		typed, ok := bean.(T)
		if !ok {
			return fmt.Errorf("%s takes a bean of type %s, but it has become a %T", option, t, bean)
		}
		return fn(ctx, typed)
	}
}
