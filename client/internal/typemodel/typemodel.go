// SPDX-License-Identifier: Apache-2.0

// Package typemodel tells package declaration of Go types what reflect knows.
package typemodel

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// Model holds the types that have been looked at. The types with a role of their own
// are those of its maker.
type Model struct {
	types map[reflect.Type]*declaration.Type
	roles map[reflect.Type]declaration.Role
	// bodyOf returns the T of a Response[T], or its argument.
	bodyOf func(reflect.Type) reflect.Type
}

// New returns an empty model. roles are those of types beside the standard
// library's; bodyOf returns the type of the body that a struct wraps as a response,
// or its argument.
func New(roles map[reflect.Type]declaration.Role, bodyOf func(reflect.Type) reflect.Type) *Model {
	return &Model{map[reflect.Type]*declaration.Type{}, roles, bodyOf}
}

var standard = map[reflect.Type]declaration.Role{
	reflect.TypeFor[context.Context](): declaration.Context,
	reflect.TypeFor[error]():           declaration.Error,
	reflect.TypeFor[http.Header]():     declaration.Header,
	reflect.TypeFor[url.Values]():      declaration.Values,
	reflect.TypeFor[http.Response]():   declaration.HTTPResponse,
	reflect.TypeFor[io.ReadCloser]():   declaration.ReadCloser,
	reflect.TypeFor[time.Time]():       declaration.Time,
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	stringer      = reflect.TypeFor[fmt.Stringer]()
	reader        = reflect.TypeFor[io.Reader]()
)

func (m *Model) role(t reflect.Type) declaration.Role {
	if role, ok := standard[t]; ok {
		return role
	}
	return m.roles[t]
}

// Of returns the model of a type, without the fields of structs.
func (m *Model) Of(t reflect.Type) *declaration.Type {
	if known := m.types[t]; known != nil {
		return known
	}
	d := &declaration.Type{
		Kind: t.Kind(), Name: t.Name(), String: t.String(), Role: m.role(t),
		MarshalsText: t.Implements(textMarshaler), IsStringer: t.Implements(stringer), IsReader: t.Implements(reader),
	}
	m.types[t] = d
	switch t.Kind() {
	case reflect.Map:
		d.Key, d.Elem = m.Of(t.Key()), m.Of(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		d.Elem = m.Of(t.Elem())
	case reflect.Func:
		d.Func = m.Function(t)
	case reflect.Struct:
		if body := m.bodyOf(t); body != t {
			d.Role, d.Elem = declaration.Response, m.Of(body)
		}
	}
	return d
}

// withFields returns the model of a type with the fields of the struct that it is
// or points to, and of those embedded in it.
func (m *Model) withFields(t reflect.Type) *declaration.Type {
	d, of := m.Of(t), t
	if t.Kind() == reflect.Pointer {
		of = t.Elem()
	}
	if s := m.Of(of); of.Kind() == reflect.Struct && s.Fields == nil {
		s.Fields = make([]declaration.Field, of.NumField())
		for i := range s.Fields {
			s.Fields[i] = m.field(of.Field(i))
		}
	}
	return d
}

// Client returns the model of a client's type, with the fields of the structs
// that are part of it: functions in them may be declared by mistake.
func (m *Model) Client(t reflect.Type) *declaration.Type {
	m.parts(t, maxParts)
	return m.withFields(t)
}

// maxParts is how deep functions are looked for in structs within structs.
const maxParts = 3

func (m *Model) parts(t reflect.Type, depth int) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth < 0 {
		return
	}
	m.withFields(t)
	for i := range t.NumField() {
		m.parts(t.Field(i).Type, depth-1)
	}
}

func (m *Model) field(f reflect.StructField) declaration.Field {
	t := m.Of(f.Type)
	if f.Anonymous {
		t = m.withFields(f.Type)
	}
	return declaration.Field{Name: f.Name, Type: t, Tag: string(f.Tag), Embedded: f.Anonymous, Exported: f.IsExported()}
}

// Function returns the model of a function, with the fields of its parameters.
func (m *Model) Function(t reflect.Type) *declaration.Func {
	f := &declaration.Func{Variadic: t.IsVariadic()}
	for i := range t.NumIn() {
		f.Params = append(f.Params, declaration.Param{Type: m.withFields(t.In(i))})
	}
	for i := range t.NumOut() {
		f.Results = append(f.Results, m.Of(t.Out(i)))
	}
	return f
}
