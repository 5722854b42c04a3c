// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

var (
	durationType    = reflect.TypeFor[time.Duration]()
	byteSizeType    = reflect.TypeFor[ByteSize]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isSingle reports whether a type is read from a single value.
func isSingle(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Pointer:
		return false
	}
	return reflect.PointerTo(t).Implements(textUnmarshaler)
}

// wantOf says what to write for a type.
func wantOf(t reflect.Type) string {
	switch {
	case t == durationType:
		return wantDuration
	case t == byteSizeType:
		return wantByteSize
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return "write a single value"
	}
	switch t.Kind() {
	case reflect.String:
		return "write text"
	case reflect.Bool:
		return wantBool
	case reflect.Float32, reflect.Float64:
		return wantNumber
	}
	return wantWhole
}

const (
	wantBool   = "write true or false"
	wantNumber = "write a number such as 0.5"
	wantWhole  = "write a whole number"
)

// err says that no setting can have a value of this type.
func (u unsupported) err() *Error {
	return &Error{
		Message: "a value of type " + string(u) + " cannot be a setting",
		Want:    "give a text, bool, number, duration, list or map",
	}
}

// setSingle converts a scalar. The error knows the value only.
func setSingle(v reflect.Value, n *node) *Error {
	if name, is := n.value.(unsupported); is {
		return name.err()
	}
	switch t := v.Type(); {
	case t == durationType:
		d, err := durationOf(n)
		return set(err, func() { v.SetInt(int64(d)) })
	case t == byteSizeType:
		size, err := parseByteSize(numeral(n))
		return set(err, func() { v.SetInt(int64(size)) })
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return setText(v, n.literal())
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.literal())
		return nil
	case reflect.Bool:
		value, err := boolOf(n)
		return set(err, func() { v.SetBool(value) })
	case reflect.Float32, reflect.Float64:
		return setFloat(v, n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint(v, n)
	}
	return setInt(v, n)
}

func set(err *Error, assign func()) *Error {
	if err == nil {
		assign()
	}
	return err
}

func setText(v reflect.Value, text string) *Error {
	fresh := reflect.New(v.Type())
	unmarshaler := fresh.Interface().(encoding.TextUnmarshaler)
	if err := usercode.Call(func() error { return unmarshaler.UnmarshalText([]byte(text)) }); err != nil {
		wrong := wrongValue(text, fmt.Sprintf("is not a valid %s", v.Type()), "correct it")
		if wrong.Value == text { // else the text of err may hold what must not be shown
			wrong.Want, wrong.Err = shown(err.Error()), err
		}
		return wrong
	}
	v.Set(fresh.Elem())
	return nil
}

func durationOf(n *node) (time.Duration, *Error) {
	return parseDuration(numeral(n))
}

func boolOf(n *node) (bool, *Error) {
	if value, ok := n.value.(bool); ok {
		return value, nil
	}
	switch strings.ToLower(strings.TrimSpace(n.literal())) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	return false, wrongValue(n.literal(), "is not a bool", wantBool)
}

func setFloat(v reflect.Value, n *node) *Error {
	value, err := floatOf(numeral(n))
	switch {
	case err != nil && !isRange(err), math.IsNaN(value), err == nil && math.IsInf(value, 0):
		return wrongValue(n.literal(), "is not a number", wantNumber)
	case err != nil, v.OverflowFloat(value):
		return wrongValue(n.literal(), "is too large for a "+v.Kind().String(), wantNumber)
	}
	v.SetFloat(value)
	return nil
}

func setInt(v reflect.Value, n *node) *Error {
	text, err := wholeNumeral(n)
	if err != nil {
		return err
	}
	value, parseErr := strconv.ParseInt(text, 10, 64)
	if parseErr != nil || v.OverflowInt(value) {
		bits := v.Type().Bits()
		return wrongValue(n.literal(), "does not fit into an "+v.Kind().String(),
			fmt.Sprintf("write a whole number from %d to %d", -1<<(bits-1), int64(math.MaxInt64)>>(64-bits)))
	}
	v.SetInt(value)
	return nil
}

func setUint(v reflect.Value, n *node) *Error {
	text, err := wholeNumeral(n)
	if err != nil {
		return err
	}
	value, parseErr := strconv.ParseUint(text, 10, 64)
	if parseErr != nil && text == "-0" {
		parseErr = nil
	}
	if parseErr != nil || v.OverflowUint(value) {
		return wrongValue(n.literal(), "does not fit into a "+v.Kind().String(),
			fmt.Sprintf("write a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-v.Type().Bits())))
	}
	v.SetUint(value)
	return nil
}

// wholeNumeral returns the digits of a whole number; a fraction of zeros is
// none.
func wholeNumeral(n *node) (string, *Error) {
	decimal, ok := decimalOf(numeral(n))
	whole, fraction, _ := strings.Cut(decimal, ".")
	if !ok || strings.Trim(fraction, "0") != "" || strings.Trim(whole, "-") == "" {
		return "", wrongValue(n.literal(), "is not a whole number", wantWhole)
	}
	return whole, nil
}

func isRange(err error) bool { return errors.Is(err, strconv.ErrRange) }
