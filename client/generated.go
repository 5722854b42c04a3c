// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/typemodel"
	"github.com/pyfly-go/pyfly/internal/declaration"
)

// generatedClient returns a client, an addressable struct, as what it is if it is a
// generated implementation of an interface.
func generatedClient(client reflect.Value) (frontend.Client, bool) {
	generated, ok := client.Addr().Interface().(frontend.Client)
	return generated, ok
}

// interfaceOf returns what an interface declares if t is its generated
// implementation.
func interfaceOf(t reflect.Type) (frontend.Declaration, bool) {
	generated, ok := reflect.New(t).Interface().(frontend.Client)
	if !ok {
		return frontend.Declaration{}, false
	}
	_, declared := generated.PyflyStub()
	return declared, true
}

// readInterface reads the declaration of a client that is an interface. marker is
// what its generated implementation embeds.
func readInterface(types *typemodel.Model, name string, marker reflect.StructField, declared frontend.Declaration) *declaration.Client {
	directive := declaration.HTTPClientDirective
	if marker.Type == serviceClientType {
		directive = declaration.ServiceClientDirective
	}
	i := &declaration.Interface{
		Type: declared.Interface.Name(), Name: name,
		Comment: []string{"//pyfly:" + directive + " " + string(marker.Tag)},
	}
	for _, m := range declared.Methods {
		fn := types.Function(m.Type())
		for p := range fn.Params {
			fn.Params[p].Name = m.Parameters[p]
		}
		i.Methods = append(i.Methods, declaration.InterfaceMethod{Name: m.Name, Comment: []string{"//pyfly:" + m.Directive}, Func: fn})
	}
	return declaration.OfInterface(i)
}

// nameOfType is the name of a client's type as users know it: that of the interface
// if t is its generated implementation.
func nameOfType(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		if declared, ok := interfaceOf(t); ok {
			t = declared.Interface
		}
	}
	return typeName(t)
}
