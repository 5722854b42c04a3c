// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// argumentValue is an argument in the form in which it goes into a URL.
type argumentValue struct {
	text   string
	list   []string // of a slice; then text is unused
	absent bool     // a nil pointer
}

// formatter turns an argument into text. It is chosen once, when a declaration
// is compiled, so that a call does not look at types.
type formatter func(reflect.Value) (argumentValue, error)

var (
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	stringerType      = reflect.TypeFor[fmt.Stringer]()
)

// formatterOf returns how values of type t are written into a URL, or nil when
// they cannot be: by MarshalText, by String, or by their kind. Pointers may be
// nil and then are absent; slices are lists.
func formatterOf(t reflect.Type) formatter {
	switch {
	case t.Implements(textMarshalerType):
		return formatText
	case t.Implements(stringerType) && t.Kind() != reflect.Interface:
		return formatStringer
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) (argumentValue, error) { return argumentValue{text: v.String()}, nil }
	case reflect.Bool:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{text: strconv.FormatBool(v.Bool())}, nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{text: strconv.FormatInt(v.Int(), 10)}, nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{text: strconv.FormatUint(v.Uint(), 10)}, nil
		}
	case reflect.Float32, reflect.Float64:
		return formatFloat
	case reflect.Pointer:
		return formatPointer(formatterOf(t.Elem()))
	case reflect.Slice:
		return formatSlice(t.Elem(), formatterOf(t.Elem()))
	}
	return nil
}

func formatText(v reflect.Value) (argumentValue, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return argumentValue{absent: true}, nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return argumentValue{text: string(text)}, err
}

func formatStringer(v reflect.Value) (argumentValue, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return argumentValue{absent: true}, nil
	}
	return argumentValue{text: v.Interface().(fmt.Stringer).String()}, nil
}

func formatFloat(v reflect.Value) (argumentValue, error) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return argumentValue{}, fmt.Errorf("%v is no number that can be sent", f)
	}
	return argumentValue{text: strconv.FormatFloat(f, 'f', -1, v.Type().Bits())}, nil
}

func formatPointer(format formatter) formatter {
	if format == nil {
		return nil
	}
	return func(v reflect.Value) (argumentValue, error) {
		if v.IsNil() {
			return argumentValue{absent: true}, nil
		}
		return format(v.Elem())
	}
}

// formatSlice writes a list. Lists of lists and of bytes have no form of their
// own in a URL.
func formatSlice(elem reflect.Type, format formatter) formatter {
	if format == nil || elem.Kind() == reflect.Uint8 || elem.Kind() == reflect.Slice {
		return nil
	}
	return func(v reflect.Value) (argumentValue, error) {
		list := argumentValue{list: make([]string, 0, v.Len())}
		for i := range v.Len() {
			member, err := format(v.Index(i))
			if err != nil {
				return argumentValue{}, err
			}
			if !member.absent {
				list.list = append(list.list, member.text)
			}
		}
		list.absent = len(list.list) == 0
		return list, nil
	}
}
