// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/typemodel"
)

// setStubs gives every function of the client that is nil a stub.
func setStubs(client reflect.Value) {
	name := typeName(client.Type())
	typemodel.EachFunction(client, func(f reflect.StructField, v reflect.Value) {
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
	typemodel.EachFunction(client, func(f reflect.StructField, v reflect.Value) {
		if f.Name == m.Name && f.Type == m.typ {
			v.Set(fn)
		}
	})
}

// in returns the function of the method in a struct of the client's type.
func (m *Method) in(client reflect.Value) reflect.Value { return client.FieldByIndex(m.index) }
