// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// eachFunction calls visit for the functions of a client's struct and for the
// methods of the structs that it embeds.
func eachFunction(client reflect.Value, visit func(f reflect.StructField, v reflect.Value)) {
	eachFunctionOf(client, false, visit)
}

func eachFunctionOf(v reflect.Value, isEmbedded bool, visit func(f reflect.StructField, v reflect.Value)) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			eachFunctionOf(v.Field(i), true, visit)
		case f.Type.Kind() == reflect.Func && f.IsExported() && (!isEmbedded || declaration.HasVerb(string(f.Tag))):
			visit(f, v.Field(i))
		}
	}
}

// setStubs gives every function of the client that is nil a stub.
func setStubs(client reflect.Value) {
	name := typeName(client.Type())
	eachFunction(client, func(f reflect.StructField, v reflect.Value) {
		isMethod := f.Type.NumOut() > 0 && (f.Type.Out(f.Type.NumOut()-1) == errorType || elementOf(f.Type.Out(0)) != nil)
		if isMethod && v.IsNil() {
			v.Set(stub(f.Type, name, f.Name))
		}
	})
}

// set gives a method its function, and so the functions of embedded structs that
// it shadows, if they have its type.
func (m *Method) set(client, fn reflect.Value) {
	m.in(client).Set(fn)
	eachFunction(client, func(f reflect.StructField, v reflect.Value) {
		if f.Name == m.Name && f.Type == m.typ {
			v.Set(fn)
		}
	})
}

// in returns the function of the method in a struct of the client's type.
func (m *Method) in(client reflect.Value) reflect.Value { return client.FieldByIndex(m.index) }
