// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// argumentValue is an argument in the form in which it goes into a URL.
type argumentValue = uritemplate.Value

var absent = argumentValue{Missing: true}

// formatter turns an argument into text. It is chosen once, when a declaration
// is compiled, so that a call does not look at types.
type formatter func(reflect.Value) (argumentValue, error)

var (
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	stringerType      = reflect.TypeFor[fmt.Stringer]()
)

// formatterOf returns how values of type t are written into a URL, or nil when
// they cannot be: by MarshalText, by String, or by their kind. Pointers may be
// nil and then are absent; slices and arrays are lists, maps with keys that are
// texts are pairs, by key.
func formatterOf(t reflect.Type) formatter {
	switch {
	case t.Implements(textMarshalerType):
		return formatText
	case t.Implements(stringerType) && t.Kind() != reflect.Interface:
		return formatStringer
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) (argumentValue, error) { return argumentValue{Text: v.String()}, nil }
	case reflect.Bool:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{Text: strconv.FormatBool(v.Bool())}, nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{Text: strconv.FormatInt(v.Int(), 10)}, nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{Text: strconv.FormatUint(v.Uint(), 10)}, nil
		}
	case reflect.Float32, reflect.Float64:
		return formatFloat
	case reflect.Pointer:
		return formatPointer(formatterOf(t.Elem()))
	case reflect.Slice, reflect.Array:
		return formatList(t.Elem(), formatterOf(t.Elem()))
	case reflect.Map:
		return formatMap(t, formatterOf(t.Elem()))
	}
	return nil
}

// isComposite reports whether values of type t are lists or pairs in a URL.
func isComposite(t reflect.Type) bool {
	if t.Implements(textMarshalerType) || t.Implements(stringerType) {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer:
		return isComposite(t.Elem())
	case reflect.Slice, reflect.Array, reflect.Map:
		return true
	}
	return false
}

func formatText(v reflect.Value) (argumentValue, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return absent, nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return argumentValue{Text: string(text)}, err
}

func formatStringer(v reflect.Value) (argumentValue, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return absent, nil
	}
	return argumentValue{Text: v.Interface().(fmt.Stringer).String()}, nil
}

func formatFloat(v reflect.Value) (argumentValue, error) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return argumentValue{}, fmt.Errorf("%v is no number that can be sent", f)
	}
	return argumentValue{Text: strconv.FormatFloat(f, 'f', -1, v.Type().Bits())}, nil
}

func formatPointer(format formatter) formatter {
	if format == nil {
		return nil
	}
	return func(v reflect.Value) (argumentValue, error) {
		if v.IsNil() {
			return absent, nil
		}
		return format(v.Elem())
	}
}

// formatList writes a list. Lists of lists and of bytes have no form of their
// own in a URL.
func formatList(elem reflect.Type, format formatter) formatter {
	if format == nil || elem.Kind() == reflect.Uint8 || isComposite(elem) {
		return nil
	}
	return func(v reflect.Value) (argumentValue, error) {
		list := argumentValue{Kind: uritemplate.List, List: make([]string, 0, v.Len())}
		for i := range v.Len() {
			member, err := format(v.Index(i))
			if err != nil {
				return argumentValue{}, err
			}
			if !member.Missing {
				list.List = append(list.List, member.Text)
			}
		}
		return list, nil
	}
}

// formatMap writes pairs, in the order of their keys.
func formatMap(t reflect.Type, format formatter) formatter {
	if format == nil || t.Key().Kind() != reflect.String || isComposite(t.Elem()) {
		return nil
	}
	return func(v reflect.Value) (argumentValue, error) {
		pairs := argumentValue{Kind: uritemplate.Pairs, Pairs: make([][2]string, 0, v.Len())}
		for key, value := range v.Seq2() {
			member, err := format(value)
			if err != nil {
				return argumentValue{}, err
			}
			if !member.Missing {
				pairs.Pairs = append(pairs.Pairs, [2]string{key.String(), member.Text})
			}
		}
		slices.SortFunc(pairs.Pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
		return pairs, nil
	}
}
