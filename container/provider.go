// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/kernel"
)

// Provider gets a bean when it is wanted instead of when the bean that takes it
// is built: a [Lazy] bean, a new one of a [Prototype], or one that itself needs
// the taker, which would otherwise close a circle. T is anything that can be a
// parameter: a bean's type, an interface, a []I. That there is such a bean is
// checked at the start.
//
//	func NewCheckout(carts container.Provider[*Cart]) *Checkout
//
// It is safe for concurrent use. A test passes a function of its own.
type Provider[T any] func() (T, error)

// Get returns the bean, building it if need be. It can be called while the
// context starts, even in a constructor; the error is then
// kernel.ErrCircularDependency if the bean waits for the caller. After Stop it
// is [ErrNotStarted], unless the bean exists.
func (p Provider[T]) Get() (T, error) {
	if p == nil {
		var none T
		return none, fmt.Errorf("%w of type %s: nothing has been injected into the Provider", kernel.ErrNoSuchBean, reflect.TypeFor[T]())
	}
	return p()
}

// providerType is what every Provider implements, so that one can be made of a
// reflect.Type.
type providerType interface {
	target() reflect.Type
	by(get func() (any, error)) any
}

func (Provider[T]) target() reflect.Type { return reflect.TypeFor[T]() }

func (Provider[T]) by(get func() (any, error)) any {
	return Provider[T](func() (T, error) {
		var none T
		bean, err := get()
		if err != nil {
			return none, err
		}
		return typedAs[T](bean)
	})
}

func isProvider(t reflect.Type) bool { return t.Implements(reflect.TypeFor[providerType]()) }

func targetOf(provider reflect.Type) reflect.Type {
	return reflect.Zero(provider).Interface().(providerType).target()
}

// provider makes the Provider of type t that owner gets.
func (m *maker) provider(t reflect.Type, target *injection, owner *instance) reflect.Value {
	get := func() (any, error) {
		v, problem := m.assemble(target, owner)
		if problem != nil {
			return nil, problem
		}
		return v.Interface(), nil
	}
	return reflect.ValueOf(reflect.Zero(t).Interface().(providerType).by(get))
}
