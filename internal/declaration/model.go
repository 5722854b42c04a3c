// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"slices"
)

// Type is what the rules need to know of a Go type. A type that contains itself
// is a Type that leads back to itself.
type Type struct {
	Kind   reflect.Kind
	Name   string  // without package, "" if it has none: "Product"
	String string  // as errors show it: "shop.Product", "[]string"
	Role   Role    // of a type that has a meaning of its own
	Key    *Type   // of a map
	Elem   *Type   // of a pointer, slice, array or map; the T of a client.Response[T]
	Fields []Field // of a struct: a client, or a parameter or what it points to, with all that it embeds
	Func   *Func   // of a function

	IsTypeParam bool    // a type parameter; its Kind is reflect.Interface
	Terms       []*Type // the types that its constraint allows; nil if it allows others, too

	MarshalsText bool // implements encoding.TextMarshaler
	IsStringer   bool // implements fmt.Stringer
	IsReader     bool // implements io.Reader
}

// Field is a field of a struct.
type Field struct {
	Name     string
	Type     *Type
	Tag      string
	Embedded bool
	Exported bool
}

// Func is the signature of a function.
type Func struct {
	Params   []Param
	Results  []*Type
	Variadic bool // the type of the last parameter is a slice
}

// Param is a parameter of a function.
type Param struct {
	Name string // "" if it is not known, as by reflect
	Type *Type
}

// Role is the meaning of a type that is more than its structure.
type Role uint8

// The roles.
const (
	Ordinary      Role = iota
	Context            // context.Context
	Error              // error
	Header             // http.Header
	Values             // url.Values
	HTTPResponse       // http.Response
	ReadCloser         // io.ReadCloser
	Time               // time.Time
	Link               // client.URL
	CallOption         // client.CallOption
	File               // client.File
	Response           // client.Response[T]; Elem is its T
	HTTPClient         // client.HttpClient
	ServiceClient      // client.ServiceClient
)

// shortName is a type's name, or if it has none, what it looks like.
func (t *Type) shortName() string {
	if t.Name != "" {
		return t.Name
	}
	return t.String
}

func (t *Type) isMarker() bool { return t.Role == HTTPClient || t.Role == ServiceClient }

// target is what a pointer points to; any other type is its own.
func (t *Type) target() *Type {
	if t.Kind == reflect.Pointer {
		return t.Elem
	}
	return t
}

func (t *Type) isBytes() bool {
	return t.Kind == reflect.Slice && t.Name == "" && t.Elem.Kind == reflect.Uint8 && (t.Elem.Name == "uint8" || t.Elem.Name == "byte")
}

func (t *Type) isString() bool { return t.Kind == reflect.String && t.Name == "string" }

// isStream reports whether a result is the body, or has it, to be read by the
// caller.
func (t *Type) isStream() bool {
	return t.Role == ReadCloser || t.Kind == reflect.Pointer && t.Elem.Role == HTTPResponse
}

// isFile reports whether a field is one or more files of a form.
func (t *Type) isFile() bool {
	isSome := t.Name == "" && (t.Kind == reflect.Pointer || t.Kind == reflect.Slice)
	return t.Role == File || isSome && t.Elem.Role == File
}

// isCallOptions reports whether t is a []client.CallOption.
func (t *Type) isCallOptions() bool {
	return t.Kind == reflect.Slice && t.Elem.Role == CallOption
}

// element returns the T of an iter.Seq2[T, error], or nil for any other type.
func (t *Type) element() *Type {
	if t.Func == nil || len(t.Func.Params) != 1 || len(t.Func.Results) != 0 {
		return nil
	}
	yield := t.Func.Params[0].Type.Func
	if yield == nil || len(yield.Params) != 2 || yield.Params[1].Type.Role != Error ||
		len(yield.Results) != 1 || yield.Results[0].Kind != reflect.Bool {
		return nil
	}
	return yield.Params[0].Type
}

// body returns the T of a client.Response[T], and any other type as it is.
func (t *Type) body() *Type {
	if t.Role == Response {
		return t.Elem
	}
	return t
}

// isData reports whether values of type t can be encoded and decoded.
func (t *Type) isData() bool {
	switch t.Kind {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return false
	}
	return true
}

// HasText reports whether values of type t can be written into a URL: by
// MarshalText, by String, or by their kind. Slices and arrays are lists, maps with
// keys that are texts are pairs. A type parameter can if all types that it stands
// for can, and none is a list or a map.
func (t *Type) HasText() bool {
	if t.IsTypeParam {
		return len(t.Terms) > 0 && !slices.ContainsFunc(t.Terms, func(term *Type) bool { return term.isComposite() || !term.HasText() })
	}
	if t.MarshalsText || t.IsStringer && t.Kind != reflect.Interface {
		return true
	}
	switch t.Kind {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Pointer:
		end := t.pointee()
		return end.MarshalsText || end.IsStringer || end.Kind != reflect.Pointer && end.HasText()
	case reflect.Slice, reflect.Array: // lists of lists and of bytes have no form
		return t.Elem.Kind != reflect.Uint8 && !t.Elem.isComposite() && t.Elem.HasText()
	case reflect.Map:
		return t.Key.Kind == reflect.String && !t.Elem.isComposite() && t.Elem.HasText()
	}
	return false
}

// isComposite reports whether values of type t are lists or pairs in a URL.
func (t *Type) isComposite() bool {
	end := t.pointee()
	if end.MarshalsText || end.IsStringer {
		return false
	}
	return end.Kind == reflect.Slice || end.Kind == reflect.Array || end.Kind == reflect.Map
}

// pointee follows pointers up to a type that is none or can be written as it is.
// A type that points to itself has no such end.
func (t *Type) pointee() *Type {
	for range 8 {
		if t.Kind != reflect.Pointer || t.MarshalsText || t.IsStringer {
			break
		}
		t = t.Elem
	}
	return t
}
