// SPDX-License-Identifier: Apache-2.0

package codegen

import (
	"reflect"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/container"
)

type (
	// Client is a generated implementation, which has the method PyflyStub. It is a
	// struct that embeds a marker of package client, whose tag is the directive of
	// the interface.
	Client = frontend.Client
	// Stub is the part of it that runs its calls. It must not be copied.
	Stub = frontend.Stub
	// Declaration is what the methods of the interface declare.
	Declaration = frontend.Declaration
	// Method is one method of the interface: its name, its directive without
	// "//pyfly:", the names of all its parameters, and its method expression.
	Method = frontend.Method
	// Fake is a generated fake, which has the method PyflyFallback.
	Fake = frontend.Fake
)

// Declare returns the declaration of the interface I.
func Declare[I any](methods ...Method) Declaration {
	return Declaration{Interface: reflect.TypeFor[I](), Methods: methods}
}

// Register adds the client of the interface I as a singleton bean of type I. C is its
// implementation.
func Register[I, C any](app *container.ApplicationContext, opts ...container.BeanOption) {
	client.Register[C](app, append([]container.BeanOption{container.As[I]()}, opts...)...)
}
