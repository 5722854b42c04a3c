// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// model tells package declaration of Go types what reflect knows.
type model map[reflect.Type]*declaration.Type

func newModel() model { return model{} }

var roles = map[reflect.Type]declaration.Role{
	contextType:                      declaration.Context,
	errorType:                        declaration.Error,
	headerType:                       declaration.Header,
	urlValuesType:                    declaration.Values,
	reflect.TypeFor[http.Response](): declaration.HTTPResponse,
	readCloserType:                   declaration.ReadCloser,
	timeType:                         declaration.Time,
	linkType:                         declaration.Link,
	callOptionsType.Elem():           declaration.CallOption,
	fileType:                         declaration.File,
	httpClientType:                   declaration.HTTPClient,
	serviceClientType:                declaration.ServiceClient,
}

// of returns the model of a type, without the fields of structs.
func (m model) of(t reflect.Type) *declaration.Type {
	if known := m[t]; known != nil {
		return known
	}
	d := &declaration.Type{
		Kind: t.Kind(), Name: t.Name(), String: t.String(), Role: roles[t],
		MarshalsText: t.Implements(textMarshalerType), IsStringer: t.Implements(stringerType), IsReader: t.Implements(readerType),
	}
	m[t] = d
	switch t.Kind() {
	case reflect.Map:
		d.Key, d.Elem = m.of(t.Key()), m.of(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		d.Elem = m.of(t.Elem())
	case reflect.Func:
		d.Func = m.function(t)
	case reflect.Struct:
		if body := bodyTypeOf(t); body != t {
			d.Role, d.Elem = declaration.Response, m.of(body)
		}
	}
	return d
}

// withFields returns the model of a type with the fields of the struct that it is
// or points to, and of those embedded in it.
func (m model) withFields(t reflect.Type) *declaration.Type {
	d, of := m.of(t), t
	if t.Kind() == reflect.Pointer {
		of = t.Elem()
	}
	if s := m.of(of); of.Kind() == reflect.Struct && s.Fields == nil {
		s.Fields = make([]declaration.Field, of.NumField())
		for i := range s.Fields {
			s.Fields[i] = m.field(of.Field(i))
		}
	}
	return d
}

// client returns the model of a client's type, with the fields of the structs
// that are part of it: functions in them may be declared by mistake.
func (m model) client(t reflect.Type) *declaration.Type {
	m.parts(t, maxParts)
	return m.withFields(t)
}

// maxParts is how deep functions are looked for in structs within structs.
const maxParts = 3

func (m model) parts(t reflect.Type, depth int) {
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

func (m model) field(f reflect.StructField) declaration.Field {
	t := m.of(f.Type)
	if f.Anonymous {
		t = m.withFields(f.Type)
	}
	return declaration.Field{Name: f.Name, Type: t, Tag: string(f.Tag), Embedded: f.Anonymous, Exported: f.IsExported()}
}

func (m model) function(t reflect.Type) *declaration.Func {
	f := &declaration.Func{Variadic: t.IsVariadic()}
	for i := range t.NumIn() {
		f.Params = append(f.Params, declaration.Param{Type: m.withFields(t.In(i))})
	}
	for i := range t.NumOut() {
		f.Results = append(f.Results, m.of(t.Out(i)))
	}
	return f
}
