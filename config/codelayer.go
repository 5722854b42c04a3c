// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"time"
)

// unsupported stands for a value given in code that no setting can have; it
// is the name of its type. Reading it is an error.
type unsupported string

// inCode is the place of all that is given in code.
var inCode = place{origin: Origin{Code: true}}

// maxDepth guards against maps that contain themselves.
const maxDepth = 100

// layersOfCode collects what a Map sets. Keys are added in their order, so that
// "a.b", which sorts behind "a", wins over a b below a. A Map that sets a key to
// a single value and sets keys below it as well makes more than one layer.
func layersOfCode(settings map[string]any) []*layer {
	l := newLayer(false)
	l.addMap(nil, reflect.ValueOf(settings))
	var all []*layer
	for ; l != nil; l = l.over {
		all = append(all, l)
	}
	return all
}

func (l *layer) addMap(path []string, settings reflect.Value) {
	values := map[string]reflect.Value{}
	for iterator := settings.MapRange(); iterator.Next(); {
		values[iterator.Key().String()] = iterator.Value()
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "" {
			key := splitKey(name)
			l.addValue(append(slices.Clip(path), key...), len(key), values[name])
		}
	}
}

// addValue sets what v holds; nil counts as not given. The errors of adding
// need no look: the layer is not strict.
func (l *layer) addValue(path []string, written int, v reflect.Value) {
	v = indirect(v)
	switch tooDeep := l.depth+len(path) > maxDepth; {
	case !v.IsValid():
	case isMap(v) && !tooDeep:
		_ = l.addGroup(path, written, inCode.origin)
		l.addMap(path, v)
	case isList(v) && !tooDeep:
		_ = l.addLeaf(path, written, l.listOf(path, v), inCode)
	default:
		_ = l.addLeaf(path, written, plain(v), inCode)
	}
}

func (l *layer) listOf(path []string, v reflect.Value) []any {
	list := make([]any, 0, v.Len())
	for i := range v.Len() {
		element := indirect(v.Index(i))
		if !element.IsValid() {
			continue
		}
		inside := l.inside(path, len(list))
		l.places[inside.prefix] = inCode
		switch tooDeep := inside.depth > maxDepth; {
		case isMap(element) && !tooDeep:
			inside.addMap(nil, element)
			list = append(list, inside.tree)
		case isList(element) && !tooDeep:
			list = append(list, inside.listOf(nil, element))
		default:
			list = append(list, plain(element))
		}
	}
	return list
}

// plain returns a scalar as koanf can hold it.
func plain(v reflect.Value) any {
	if textual, ok := v.Interface().(encoding.TextMarshaler); ok {
		if text, err := textual.MarshalText(); err == nil {
			return string(text)
		}
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Interface()
	}
	return unsupported(v.Type().String())
}

func isMap(v reflect.Value) bool {
	return v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String && !isTextual(v)
}

func isList(v reflect.Value) bool { return v.Kind() == reflect.Slice && !isTextual(v) }

func isTextual(v reflect.Value) bool { return v.Type().Implements(textMarshaler) }

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// indirect follows interfaces and pointers, but for those that are text; the
// result is invalid for nil.
func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.Kind() == reflect.Pointer && !v.IsNil() && isTextual(v) {
			return v
		}
		v = v.Elem()
	}
	return v
}
