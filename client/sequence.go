// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// elementOf returns the T of an iter.Seq2[T, error], or nil for any other type.
func elementOf(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 {
		return nil
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.In(1) != errorType ||
		yield.NumOut() != 1 || yield.Out(0).Kind() != reflect.Bool {
		return nil
	}
	return yield.In(0)
}

// sequence makes the iterator of one call. The request is sent when the loop
// begins, for each loop anew; the end of the loop ends the stream.
func (f *frontEnd) sequence(ctx context.Context, args []reflect.Value) reflect.Value {
	t := f.method.typ.Out(0)
	element := elementOf(t)
	fill := func(d *message.Draft) { f.method.fill(d, args) }
	return reflect.MakeFunc(t, func(loop []reflect.Value) []reflect.Value {
		var last reflect.Value
		target := func() any {
			last = reflect.New(element)
			if event, ok := last.Interface().(*Event); ok {
				return (*message.Event)(event)
			}
			return last.Interface()
		}
		yield := func(err error) bool {
			v := reflect.Zero(element)
			if err == nil {
				v = last.Elem()
			}
			return loop[0].Call([]reflect.Value{v, reflect.ValueOf(&err).Elem()})[0].Bool()
		}
		f.Elements(ctx, fill).Each(ctx, target, yield)
		return nil
	})
}
