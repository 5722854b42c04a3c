// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/argument"
)

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
func (p *Parameter) value(args []reflect.Value) (argument.Value, error) {
	v, ok := p.read(args)
	switch {
	case p.fallback != "" && (!ok || v.IsZero()):
		return argument.Value{Text: p.fallback}, nil
	case !ok, p.omit && v.IsZero():
		return argument.Absent, nil
	}
	value, err := p.format(v)
	if err != nil {
		return argument.Absent, err
	}
	return value, nil
}
