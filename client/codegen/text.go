// SPDX-License-Identifier: Apache-2.0

package codegen

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Text is an argument as it is written into a URL, a header, a cookie or a form: one
// text, a list or pairs of names and values.
type Text struct {
	value uritemplate.Value
	err   error
}

// Absent returns an argument that is left out.
func Absent() Text { return Text{value: uritemplate.Value{Missing: true}} }

func text(s string) Text { return Text{value: uritemplate.Value{Text: s}} }

type (
	signed interface {
		~int | ~int8 | ~int16 | ~int32 | ~int64
	}
	unsigned interface {
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
	}
	float interface{ ~float32 | ~float64 }
)

// String returns a string.
func String[T ~string](v T) Text { return text(string(v)) }

// Bool returns true or false.
func Bool[T ~bool](v T) Text { return text(strconv.FormatBool(bool(v))) }

// Int returns a number.
func Int[T signed](v T) Text { return text(strconv.FormatInt(int64(v), 10)) }

// Uint returns a number.
func Uint[T unsigned](v T) Text { return text(strconv.FormatUint(uint64(v), 10)) }

// Float returns a number, without exponent.
func Float[T float](v T) Text { return formatFloat(float64(v), int(unsafe.Sizeof(v))*8) }

func formatFloat(f float64, bits int) Text {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Text{err: fmt.Errorf("%v is no number that can be sent", f)}
	}
	return text(strconv.FormatFloat(f, 'f', -1, bits))
}

// Marshal returns what MarshalText does.
func Marshal[T encoding.TextMarshaler](v T) Text {
	b, err := v.MarshalText()
	return Text{value: uritemplate.Value{Text: string(b)}, err: err}
}

// MarshalPointer is Marshal for a pointer, which is left out if it is nil.
func MarshalPointer[T any, P interface {
	*T
	encoding.TextMarshaler
}](p P) Text {
	if p == nil {
		return Absent()
	}
	return Marshal(p)
}

// Stringer returns what String does.
func Stringer[T fmt.Stringer](v T) Text { return text(v.String()) }

// StringerPointer is Stringer for a pointer, which is left out if it is nil.
func StringerPointer[T any, P interface {
	*T
	fmt.Stringer
}](p P) Text {
	if p == nil {
		return Absent()
	}
	return Stringer(p)
}

// Time returns a time in a layout of package time.
func Time(t time.Time, layout string) Text { return text(t.Format(layout)) }

// Optional returns what a pointer points to, or nothing if it is nil.
func Optional[T any](p *T, of func(T) Text) Text {
	if p == nil {
		return Absent()
	}
	return of(*p)
}

// List returns a list. Members that are absent are left out.
func List[T any](members []T, of func(T) Text) Text {
	list := uritemplate.Value{Kind: uritemplate.List, List: make([]string, 0, len(members))}
	for _, member := range members {
		t := of(member)
		if t.err != nil {
			return t
		}
		if !t.value.Missing {
			list.List = append(list.List, t.value.Text)
		}
	}
	return Text{value: list}
}

// Map returns pairs, in the order of their keys. Those whose value is absent are left
// out.
func Map[K ~string, V any](m map[K]V, of func(V) Text) Text {
	pairs := uritemplate.Value{Kind: uritemplate.Pairs, Pairs: make([][2]string, 0, len(m))}
	for key, v := range m {
		t := of(v)
		if t.err != nil {
			return t
		}
		if !t.value.Missing {
			pairs.Pairs = append(pairs.Pairs, [2]string{string(key), t.value.Text})
		}
	}
	slices.SortFunc(pairs.Pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	return Text{value: pairs}
}

// Scalar returns an argument whose type is a type parameter of the client.
func Scalar[T ~string | ~bool | signed | unsigned | float](v T) Text {
	switch v := any(v).(type) {
	case encoding.TextMarshaler:
		return Marshal(v)
	case fmt.Stringer:
		return Stringer(v)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Float32, reflect.Float64:
		return formatFloat(r.Float(), r.Type().Bits())
	case reflect.String:
		return text(r.String())
	default:
		return text(fmt.Sprint(v))
	}
}

// IsZero reports whether a value that cannot be compared is the zero value of its
// type.
func IsZero[T any](v T) bool { return reflect.ValueOf(&v).Elem().IsZero() }
