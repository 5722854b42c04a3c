// SPDX-License-Identifier: Apache-2.0

// Package argument turns the arguments of calls into text.
package argument

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Value is an argument in the form in which it goes into a URL.
type Value = uritemplate.Value

// Absent is an argument that is left out.
var Absent = Value{Missing: true}

// Formatter turns an argument into text. It is chosen once, when a declaration
// is compiled, so that a call does not look at types.
type Formatter func(reflect.Value) (Value, error)

var (
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	stringerType      = reflect.TypeFor[fmt.Stringer]()
)

// FormatterOf returns how values of type t are written into a URL, or nil when
// they cannot be: by MarshalText, by String, or by their kind. Pointers may be
// nil and then are absent; slices and arrays are lists, maps with keys that are
// texts are pairs, by key.
func FormatterOf(t reflect.Type) Formatter {
	switch {
	case t.Implements(textMarshalerType):
		return formatText
	case t.Implements(stringerType) && t.Kind() != reflect.Interface:
		return formatStringer
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) (Value, error) { return Value{Text: v.String()}, nil }
	case reflect.Bool:
		return func(v reflect.Value) (Value, error) {
			return Value{Text: strconv.FormatBool(v.Bool())}, nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (Value, error) {
			return Value{Text: strconv.FormatInt(v.Int(), 10)}, nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value) (Value, error) {
			return Value{Text: strconv.FormatUint(v.Uint(), 10)}, nil
		}
	case reflect.Float32, reflect.Float64:
		return formatFloat
	case reflect.Pointer:
		return formatPointer(FormatterOf(t.Elem()))
	case reflect.Slice, reflect.Array:
		return formatList(t.Elem(), FormatterOf(t.Elem()))
	case reflect.Map:
		return formatMap(t, FormatterOf(t.Elem()))
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

func formatText(v reflect.Value) (Value, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return Absent, nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return Value{Text: string(text)}, err
}

func formatStringer(v reflect.Value) (Value, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return Absent, nil
	}
	return Value{Text: v.Interface().(fmt.Stringer).String()}, nil
}

func formatFloat(v reflect.Value) (Value, error) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}, fmt.Errorf("%v is no number that can be sent", f)
	}
	return Value{Text: strconv.FormatFloat(f, 'f', -1, v.Type().Bits())}, nil
}

func formatPointer(format Formatter) Formatter {
	if format == nil {
		return nil
	}
	return func(v reflect.Value) (Value, error) {
		if v.IsNil() {
			return Absent, nil
		}
		return format(v.Elem())
	}
}

// formatList writes a list. Lists of lists and of bytes have no form of their
// own in a URL.
func formatList(elem reflect.Type, format Formatter) Formatter {
	if format == nil || elem.Kind() == reflect.Uint8 || isComposite(elem) {
		return nil
	}
	return func(v reflect.Value) (Value, error) {
		list := Value{Kind: uritemplate.List, List: make([]string, 0, v.Len())}
		for i := range v.Len() {
			member, err := format(v.Index(i))
			if err != nil {
				return Value{}, err
			}
			if !member.Missing {
				list.List = append(list.List, member.Text)
			}
		}
		return list, nil
	}
}

// formatMap writes pairs, in the order of their keys.
func formatMap(t reflect.Type, format Formatter) Formatter {
	if format == nil || t.Key().Kind() != reflect.String || isComposite(t.Elem()) {
		return nil
	}
	return func(v reflect.Value) (Value, error) {
		pairs := Value{Kind: uritemplate.Pairs, Pairs: make([][2]string, 0, v.Len())}
		for key, value := range v.Seq2() {
			member, err := format(value)
			if err != nil {
				return Value{}, err
			}
			if !member.Missing {
				pairs.Pairs = append(pairs.Pairs, [2]string{key.String(), member.Text})
			}
		}
		slices.SortFunc(pairs.Pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
		return pairs, nil
	}
}

var timeType = reflect.TypeFor[time.Time]()

// WithLayout writes times by a layout of package time.
func WithLayout(t reflect.Type, layout string) Formatter {
	switch {
	case t == timeType:
		return func(v reflect.Value) (Value, error) {
			return Value{Text: v.Interface().(time.Time).Format(layout)}, nil
		}
	case t.Kind() == reflect.Pointer && t.Elem() == timeType:
		return formatPointer(WithLayout(timeType, layout))
	}
	return nil
}
