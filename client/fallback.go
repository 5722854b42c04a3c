// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
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
func Fallback[T any](fallback *T) container.BeanOption {
	return container.Customize(func(client *T) error {
		d := declarationOf(reflect.TypeFor[T]())
		if d.Err() != nil || fallback == nil {
			return nil // the declaration is reported as such
		}
		for i := range d.Methods {
			m := &d.Methods[i]
			if elementOf(m.typ.Out(0)) != nil && !m.in(reflect.ValueOf(fallback).Elem()).IsNil() {
				return wrongDeclaration(d.Type+"."+m.field, "returns a sequence, which cannot have a fallback: begin the loop anew where it ends")
			}
		}
		w := wiringOf(reflect.ValueOf(client).Elem(), *d.marker)
		if *w != nil {
			(*w).fallback = reflect.ValueOf(fallback).Elem()
		}
		return nil
	})
}

type causeKey struct{}

// Cause returns, in a fallback, the error for which it was called: an [*Error].
// Elsewhere it is nil.
func Cause(ctx context.Context) error {
	err, _ := ctx.Value(causeKey{}).(error)
	return err
}

// withFallback makes a function that calls the fallback when fn's service has
// failed.
func withFallback(fn, fallback reflect.Value) reflect.Value {
	return reflect.MakeFunc(fn.Type(), func(args []reflect.Value) []reflect.Value {
		results := callFunc(fn, args)
		err, _ := results[len(results)-1].Interface().(error)
		ctx, _ := args[0].Interface().(context.Context)
		if !wantsFallback(ctx, err) {
			return results
		}
		withCause := context.WithValue(ctx, causeKey{}, err)
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

// wantsFallback reports whether the service has failed, or is taken to.
func wantsFallback(ctx context.Context, err error) bool {
	var e *Error
	if !errors.As(err, &e) || ctx == nil || ctx.Err() != nil {
		return false
	}
	return engine.IsUnavailable(e)
}

// protectFallback turns the panic of a fallback into an error that has the call's
// own with it.
func protectFallback(fallback reflect.Value, args []reflect.Value, cause error) (results []reflect.Value) {
	defer func() {
		if r := recover(); r != nil {
			err := fmt.Errorf("the fallback panicked: %w; it was called because: %w", usercode.Error(kernel.NewPanicError(r)), cause)
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
