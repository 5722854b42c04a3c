// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// Register adds the declared client T as a singleton bean of type *T. The
// declaration and the client's settings are checked whole when the context
// starts; all mistakes of all clients are in its report.
//
// The context needs [Module], or a [HttpClientBeanPostProcessor]: without one
// every method returns a kernel.NotWiredError.
//
// The bean is named like any other, but for a client with the tag name: that names
// the bean as well, in lower camel case, paymentsV2 for "payments-v2". A client
// without the tag is named after its type. If two packages register clients of one
// type name, the names of both get the package in front, orders-payment-client, and
// a warning tells the keys of their settings.
func Register[T any](app *container.ApplicationContext, opts ...container.BeanOption) {
	d := declarationOf(reflect.TypeFor[T]())
	given := defaultsOf(NewStub[T], opts)
	app.AddValidator(func(cfg *config.Config) error {
		if d.Name == "" { // no client at all: it has no settings
			return d.Err()
		}
		named, nameErr := d.namedIn(app)
		_, err := resolveSettings(cfg, named, given, settings.Known{})
		return errors.Join(d.Err(), nameErr, err)
	})
	defaults := []container.BeanOption{container.Stereotype("client")}
	if name := d.nameTag(); name != "" {
		defaults = append(defaults, container.Named(naming.LowerCamel(name)))
	}
	app.Register(NewStub[T], append(defaults, opts...)...)
}

// NewStub makes a client every method of which returns a kernel.NotWiredError
// until HttpClientBeanPostProcessor wires it.
func NewStub[T any]() *T {
	client := new(T)
	value := reflect.ValueOf(client).Elem()
	if value.Kind() != reflect.Struct {
		return client
	}
	setStubs(value)
	if marker, ok := markerOf(value.Type()); ok {
		*wiringOf(value, marker) = &wiring{isStub: true}
	}
	if generated, ok := generatedClient(value); ok {
		stub, declared := generated.PyflyStub()
		stub.Declare(declared)
	}
	return client
}
