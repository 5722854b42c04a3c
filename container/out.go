// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"strings"

	"go.uber.org/dig"
)

// expandOut turns a constructor that returns a dig.Out struct into one hidden
// definition, which makes the struct, and a definition for each of its fields.
// A field's tags are dig's: `name:"..."`, and `group:"..."`, with ",flatten"
// for a slice each element of which is a member.
func expandOut(d *definition) []*definition {
	if d.scope == ScopePrototype {
		d.fail("a constructor of a dig.Out struct was registered as a prototype", "register the prototypes one by one")
	}
	expanded := []*definition{d}
	for i := range d.made.NumField() {
		field := d.made.Field(i)
		if field.Anonymous && field.Type == reflect.TypeFor[dig.Out]() {
			continue
		}
		if !field.IsExported() {
			d.fail(fmt.Sprintf("the field %s.%s is unexported: no bean can be taken from it", d.made, field.Name), "export it")
			continue
		}
		expanded = append(expanded, fieldOf(d, field, i))
	}
	d.isInfrastructure = true
	d.name = d.made.String()
	d.scope, d.conditions, d.onStart, d.onStop = ScopeSingleton, nil, nil, nil
	return expanded
}

// fieldOf is the bean that a field of a dig.Out struct holds. What was said of
// the constructor holds for each of them.
func fieldOf(d *definition, field reflect.StructField, index int) *definition {
	take := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{d.made}, []reflect.Type{field.Type}, false),
		func(args []reflect.Value) []reflect.Value { return []reflect.Value{args[0].Field(index)} })
	f := newDefinition(take.Interface(), d.callers, nil)
	f.source = d
	f.primary, f.order, f.givenPhase, f.stereotype = d.primary, d.order, d.givenPhase, d.stereotype
	f.scope, f.conditions, f.dependsOn = d.scope, d.conditions, d.dependsOn
	f.onStart, f.onStop = d.onStart, d.onStop
	if name := field.Tag.Get("name"); name != "" {
		f.name, f.isNamed, f.nameOf = name, true, nil
	}
	if group, options, _ := strings.Cut(field.Tag.Get("group"), ","); group != "" {
		f.groups = []string{group}
		f.name, f.nameOf = fmt.Sprintf("%s of %s", field.Name, d.made), nil
		f.isFlattened = options == "flatten" && field.Type.Kind() == reflect.Slice
	}
	return f
}
