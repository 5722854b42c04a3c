// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/container"
)

// Fallback gives methods of a client a function that answers in the service's
// stead when the service has failed: after the last attempt, and at once while
// the circuit is open. It is a struct of the client's type, with those methods
// set that have one:
//
//	client.Register[CatalogClient](app, client.Fallback(&CatalogClient{
//		Search: func(ctx context.Context, term string) ([]Product, error) { return cached, nil },
//	}))
//
// The function gets the call's arguments and can ask [Cause] of its context why
// it was called. What proves the service alive, a 404 for instance, and the
// caller's own cancellation are returned as they are. A method that returns a
// sequence cannot have a fallback.
//
// A client that is an interface takes its generated fake, &FakeCatalogClient{...}.
func Fallback[T any](fallback *T) container.BeanOption {
	if fake, ok := any(fallback).(frontend.Fake); ok {
		return fakeFallback(fake, fallback == nil)
	}
	return container.Customize(func(client *T) error {
		d := declarationOf(reflect.TypeFor[T]())
		if d.Err() != nil || fallback == nil {
			return nil // the declaration is reported as such
		}
		for i := range d.Methods {
			m := &d.Methods[i]
			if elementOf(m.typ.Out(0)) != nil && !m.in(reflect.ValueOf(fallback).Elem()).IsNil() {
				return wrongDeclaration(d.Type+"."+m.field, sequenceFallback)
			}
		}
		w := wiringOf(reflect.ValueOf(client).Elem(), *d.marker)
		if *w != nil {
			(*w).fallback = reflect.ValueOf(fallback).Elem()
		}
		return nil
	})
}

const sequenceFallback = "returns a sequence, which cannot have a fallback: begin the loop anew where it ends"

// fakeFallback makes fallbacks of the functions of a generated fake.
func fakeFallback(fake frontend.Fake, isNil bool) container.BeanOption {
	return container.Attach("client.Fallback", nil, func(client frontend.Client) error {
		if isNil {
			return nil
		}
		_, declared := client.PyflyStub()
		switch sequences, ok := fake.PyflyFallback(client); {
		case !ok:
			return wrongDeclaration(declared.Interface.Name(), fmt.Sprintf("its fallback is a %T: give a *Fake%s", fake, declared.Interface.Name()))
		case len(sequences) > 0:
			return wrongDeclaration(declared.Interface.Name()+"."+strings.Join(sequences, ", "), sequenceFallback)
		}
		return nil
	})
}

// Cause returns, in a fallback, the error for which it was called: an [*Error].
// Elsewhere it is nil.
func Cause(ctx context.Context) error { return frontend.Cause(ctx) }

// withFallback makes a function that calls the fallback when fn's service has
// failed.
func withFallback(fn, fallback reflect.Value) reflect.Value {
	return reflect.MakeFunc(fn.Type(), func(args []reflect.Value) []reflect.Value {
		results := callFunc(fn, args)
		err, _ := results[len(results)-1].Interface().(error)
		ctx, _ := args[0].Interface().(context.Context)
		if !frontend.WantsFallback(ctx, err) {
			return results
		}
		withCause := frontend.WithCause(ctx, err)
		instead := append([]reflect.Value{reflect.ValueOf(&withCause).Elem()}, args[1:]...)
		return protectFallback(fallback, instead, err)
	})
}

func callFunc(fn reflect.Value, args []reflect.Value) []reflect.Value {
	if fn.Type().IsVariadic() {
		return fn.CallSlice(args)
	}
	return fn.Call(args)
}

// protectFallback turns the panic of a fallback into an error that has the call's
// own with it.
func protectFallback(fallback reflect.Value, args []reflect.Value, cause error) (results []reflect.Value) {
	defer func() {
		if r := recover(); r != nil {
			err := frontend.FallbackPanicked(r, cause)
			t := fallback.Type()
			results = make([]reflect.Value, t.NumOut())
			for i := range results {
				results[i] = reflect.Zero(t.Out(i))
			}
			results[len(results)-1] = reflect.ValueOf(&err).Elem()
		}
	}()
	return callFunc(fallback, args)
}
