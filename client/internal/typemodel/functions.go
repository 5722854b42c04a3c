// SPDX-License-Identifier: Apache-2.0

package typemodel

import (
	"reflect"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// EachFunction calls visit for the functions of a client's struct and for the
// methods of the structs that it embeds.
func EachFunction(client reflect.Value, visit func(f reflect.StructField, v reflect.Value)) {
	eachFunction(client, false, visit)
}

func eachFunction(v reflect.Value, isEmbedded bool, visit func(f reflect.StructField, v reflect.Value)) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			eachFunction(v.Field(i), true, visit)
		case f.Type.Kind() == reflect.Func && f.IsExported() && (!isEmbedded || declaration.HasVerb(string(f.Tag))):
			visit(f, v.Field(i))
		}
	}
}
