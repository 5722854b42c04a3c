// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"
	"time"
)

var timeType = reflect.TypeFor[time.Time]()

// formatterWithLayout writes times by a layout of package time.
func formatterWithLayout(t reflect.Type, layout string) formatter {
	switch {
	case t == timeType:
		return func(v reflect.Value) (argumentValue, error) {
			return argumentValue{Text: v.Interface().(time.Time).Format(layout)}, nil
		}
	case t.Kind() == reflect.Pointer && t.Elem() == timeType:
		return formatPointer(formatterWithLayout(timeType, layout))
	}
	return nil
}

// read returns a parameter's value, or nothing when a pointer on the way to it
// is nil.
func (p *Parameter) read(args []reflect.Value) (v reflect.Value, ok bool) {
	v = args[p.arg]
	for _, i := range p.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// value is a parameter's text: its default in place of a zero value, and
// nothing if it is to be left out.
func (p *Parameter) value(args []reflect.Value) (argumentValue, error) {
	v, ok := p.read(args)
	switch {
	case p.fallback != "" && (!ok || v.IsZero()):
		return argumentValue{Text: p.fallback}, nil
	case !ok, p.omit && v.IsZero():
		return absent, nil
	}
	value, err := p.format(v)
	if err != nil {
		return absent, err
	}
	return value, nil
}
