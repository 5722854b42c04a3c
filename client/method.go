// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"reflect"

	"github.com/pyfly-go/pyfly/kernel"
)

// implement makes the function of a declared method: it encodes the arguments,
// lets the engine run the call and decodes the answer. This is where Go's
// reflection ends; the engine knows messages and answers only.
func (m *Method) implement(e *engine, op *operation) reflect.Value {
	var resultType reflect.Type
	if m.typ.NumOut() == 2 {
		resultType = m.typ.Out(0)
	}
	noError := reflect.Zero(errorType)
	return reflect.MakeFunc(m.typ, func(args []reflect.Value) []reflect.Value {
		ctx, _ := args[0].Interface().(context.Context)
		if resultType == nil {
			if err := m.invoke(ctx, e, op, args[1:], nil); err != nil {
				return []reflect.Value{reflect.ValueOf(&err).Elem()}
			}
			return []reflect.Value{noError}
		}
		target := reflect.New(resultType)
		if err := m.invoke(ctx, e, op, args[1:], target.Interface()); err != nil {
			return []reflect.Value{reflect.Zero(resultType), reflect.ValueOf(&err).Elem()}
		}
		return []reflect.Value{target.Elem(), noError}
	})
}

// invoke runs one call; target is nil when the method returns no result.
func (m *Method) invoke(ctx context.Context, e *engine, op *operation, args []reflect.Value, target any) error {
	if ctx == nil {
		return e.notSent(op, &message{path: m.Path}, errNilContext)
	}
	msg, err := m.encode(args)
	if err != nil {
		return e.notSent(op, &message{path: m.Path}, err)
	}
	return e.do(ctx, op, msg, func(a *answer) error {
		if target == nil {
			return nil
		}
		return decodeAnswer(a, target)
	})
}

// stub makes the function of a method that is not wired: it returns a
// kernel.NotWiredError.
func stub(fn reflect.Type, client, method string) reflect.Value {
	var err error = &kernel.NotWiredError{Client: client, Method: method}
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value {
		results := make([]reflect.Value, fn.NumOut())
		for i := range results {
			results[i] = reflect.Zero(fn.Out(i))
		}
		results[len(results)-1] = reflect.ValueOf(&err).Elem()
		return results
	})
}

// setStubs gives every function of the client that is nil a stub.
func setStubs(client reflect.Value) {
	t := client.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		isMethod := f.Type.Kind() == reflect.Func && f.IsExported() &&
			f.Type.NumOut() > 0 && f.Type.Out(f.Type.NumOut()-1) == errorType
		if isMethod && client.Field(i).IsNil() {
			client.Field(i).Set(stub(f.Type, typeName(t), f.Name))
		}
	}
}
