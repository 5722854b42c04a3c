// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"go/token"
	"go/types"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

const (
	clientPath  = "github.com/pyfly-go/pyfly/client"
	codegenPath = clientPath + "/codegen"
)

// roles are those of the types of packages, by path and name.
var roles = map[string]declaration.Role{
	"context.Context":             declaration.Context,
	"net/http.Header":             declaration.Header,
	"net/http.Response":           declaration.HTTPResponse,
	"net/url.Values":              declaration.Values,
	"io.ReadCloser":               declaration.ReadCloser,
	"time.Time":                   declaration.Time,
	clientPath + ".URL":           declaration.Link,
	clientPath + ".CallOption":    declaration.CallOption,
	clientPath + ".File":          declaration.File,
	clientPath + ".Response":      declaration.Response,
	clientPath + ".HttpClient":    declaration.HTTPClient,
	clientPath + ".ServiceClient": declaration.ServiceClient,
}

// model tells package declaration of Go types what go/types knows.
type model map[types.Type]*declaration.Type

// of returns the model of a type, without the fields of structs.
func (m model) of(t types.Type) *declaration.Type {
	t = types.Unalias(t)
	if known := m[t]; known != nil {
		return known
	}
	d := &declaration.Type{
		Kind: kindOf(t), Name: nameOf(t), String: shortString(t), Role: roleOf(t),
		MarshalsText: types.Implements(t, textMarshaler), IsStringer: types.Implements(t, stringer), IsReader: types.Implements(t, reader),
	}
	m[t] = d
	switch u := coreOf(t).(type) {
	case *types.Map:
		d.Key, d.Elem = m.of(u.Key()), m.of(u.Elem())
	case *types.Pointer:
		d.Elem = m.of(u.Elem())
	case *types.Slice:
		d.Elem = m.of(u.Elem())
	case *types.Array:
		d.Elem = m.of(u.Elem())
	case *types.Signature:
		d.Func = m.function(u)
	case *types.Struct:
		if d.Role == declaration.Response {
			d.Elem = m.of(types.Unalias(t).(*types.Named).TypeArgs().At(0))
		}
	}
	return d
}

// withFields returns the model of a type with the fields of the struct that it is
// or points to, and of those embedded in it.
func (m model) withFields(t types.Type) *declaration.Type {
	d, of := m.of(t), t
	if p, ok := t.Underlying().(*types.Pointer); ok {
		of = p.Elem()
	}
	fields, ok := of.Underlying().(*types.Struct)
	if s := m.of(of); ok && s.Fields == nil {
		s.Fields = make([]declaration.Field, fields.NumFields())
		for i := range s.Fields {
			f := fields.Field(i)
			field := m.of(f.Type())
			if f.Embedded() {
				field = m.withFields(f.Type())
			}
			s.Fields[i] = declaration.Field{Name: f.Name(), Type: field, Tag: fields.Tag(i), Embedded: f.Embedded(), Exported: f.Exported()}
		}
	}
	return d
}

// function returns the model of a function, with the fields of its parameters.
func (m model) function(s *types.Signature) *declaration.Func {
	f := &declaration.Func{Variadic: s.Variadic()}
	for p := range s.Params().Variables() {
		f.Params = append(f.Params, declaration.Param{Name: p.Name(), Type: m.withFields(p.Type())})
	}
	for r := range s.Results().Variables() {
		f.Results = append(f.Results, m.of(r.Type()))
	}
	return f
}

// coreOf is what a type is made of. A type parameter is made of what its constraint
// allows if that is one kind of strings, numbers or bools.
func coreOf(t types.Type) types.Type {
	p, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return t.Underlying()
	}
	if terms := basicTerms(p); len(terms) > 0 {
		return terms[0]
	}
	return p.Underlying()
}

// basicTerms returns what a type parameter may be, or nil unless that is strings,
// numbers and bools only.
func basicTerms(p *types.TypeParam) (terms []*types.Basic) {
	constraint, ok := p.Constraint().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	for embedded := range constraint.EmbeddedTypes() {
		found := termsOf(embedded)
		if found == nil {
			return nil
		}
		terms = append(terms, found...)
	}
	return terms
}

func termsOf(t types.Type) (terms []*types.Basic) {
	switch u := types.Unalias(t).(type) {
	case *types.Union:
		for term := range u.Terms() {
			found := termsOf(term.Type())
			if found == nil {
				return nil
			}
			terms = append(terms, found...)
		}
		return terms
	case *types.Named:
		if constraint, ok := u.Underlying().(*types.Interface); ok {
			for embedded := range constraint.EmbeddedTypes() {
				found := termsOf(embedded)
				if found == nil {
					return nil
				}
				terms = append(terms, found...)
			}
			return terms
		}
	}
	if basic, ok := t.Underlying().(*types.Basic); ok && basic.Info()&types.IsComplex == 0 && basic.Info()&types.IsConstType != 0 {
		return []*types.Basic{basic}
	}
	return nil
}

var basicKinds = map[types.BasicKind]reflect.Kind{
	types.Bool: reflect.Bool, types.String: reflect.String,
	types.Int: reflect.Int, types.Int8: reflect.Int8, types.Int16: reflect.Int16, types.Int32: reflect.Int32, types.Int64: reflect.Int64,
	types.Uint: reflect.Uint, types.Uint8: reflect.Uint8, types.Uint16: reflect.Uint16, types.Uint32: reflect.Uint32, types.Uint64: reflect.Uint64,
	types.Uintptr: reflect.Uintptr, types.Float32: reflect.Float32, types.Float64: reflect.Float64,
	types.Complex64: reflect.Complex64, types.Complex128: reflect.Complex128, types.UnsafePointer: reflect.UnsafePointer,
}

func kindOf(t types.Type) reflect.Kind {
	switch u := coreOf(t).(type) {
	case *types.Basic:
		return basicKinds[u.Kind()]
	case *types.Map:
		return reflect.Map
	case *types.Pointer:
		return reflect.Pointer
	case *types.Slice:
		return reflect.Slice
	case *types.Array:
		return reflect.Array
	case *types.Signature:
		return reflect.Func
	case *types.Struct:
		return reflect.Struct
	case *types.Chan:
		return reflect.Chan
	}
	return reflect.Interface
}

func nameOf(t types.Type) string {
	switch t := t.(type) {
	case *types.Basic:
		return types.Typ[t.Kind()].Name()
	case *types.Named:
		return t.Obj().Name()
	case *types.TypeParam:
		return t.Obj().Name()
	}
	return ""
}

func roleOf(t types.Type) declaration.Role {
	named, ok := t.(*types.Named)
	switch {
	case !ok:
		return declaration.Ordinary
	case named.Obj().Pkg() == nil && named.Obj().Name() == "error":
		return declaration.Error
	case named.Obj().Pkg() == nil:
		return declaration.Ordinary
	}
	return roles[named.Obj().Pkg().Path()+"."+named.Obj().Name()]
}

// shortString is a type as errors show it.
func shortString(t types.Type) string { return types.TypeString(t, (*types.Package).Name) }

var (
	bytesType     = types.NewSlice(types.Typ[types.Byte])
	errorType     = types.Universe.Lookup("error").Type()
	textMarshaler = interfaceOf("MarshalText", nil, []types.Type{bytesType, errorType})
	stringer      = interfaceOf("String", nil, []types.Type{types.Typ[types.String]})
	reader        = interfaceOf("Read", []types.Type{bytesType}, []types.Type{types.Typ[types.Int], errorType})
)

// interfaceOf returns an interface of one method.
func interfaceOf(method string, params, results []types.Type) *types.Interface {
	signature := types.NewSignatureType(nil, nil, nil, tupleOf(params), tupleOf(results), false)
	return types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, method, signature)}, nil).Complete()
}

func tupleOf(list []types.Type) *types.Tuple {
	vars := make([]*types.Var, len(list))
	for i, t := range list {
		vars[i] = types.NewParam(token.NoPos, nil, "", t)
	}
	return types.NewTuple(vars...)
}
