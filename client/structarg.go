// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// places are the tags by which a field of a struct argument says where it goes.
var places = []string{"path", "query", "header", "cookie", "form", "body"}

// isParameters reports whether t is a struct, or points to one, whose fields say
// by tags where they go.
func isParameters(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && isParameters(f.Type) {
			return true
		}
		for _, place := range places {
			if _, ok := f.Tag.Lookup(place); ok {
				return true
			}
		}
	}
	return false
}

// bindStruct binds every field of a struct argument.
func (b *binder) bindStruct(arg int, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && isParameters(f.Type) {
			continue // its fields are visible too
		}
		b.bindField(arg, t, f)
	}
}

func (b *binder) bindField(arg int, t reflect.Type, f reflect.StructField) {
	where := typeName(t) + "." + f.Name
	tags, err := parseTag(f.Tag)
	if err != nil {
		b.fail("takes a %s: %s: %v", t, f.Name, err)
		return
	}
	p := Parameter{Type: f.Type.String(), arg: arg, index: f.Index, variable: -1}
	layout := ""
	for _, tag := range tags {
		switch {
		case slices.Contains(places, tag.key) && p.In != "":
			b.fail("%s has two places, %s and %s: give it one", where, p.In, tag.key)
		case slices.Contains(places, tag.key):
			name, option, _ := strings.Cut(tag.value, ",")
			p.In, p.Name, p.omit = tag.key, name, option == "omitempty"
			if option != "" && option != "omitempty" {
				b.fail("%s: unknown option %q: it may be omitempty", where, option)
			}
		case tag.key == "default":
			p.fallback = tag.value
		case tag.key == "layout":
			layout = tag.value
		}
	}
	switch {
	case p.In == "" && f.IsExported():
		b.fail("%s has no place: tag it with one of %s", where, strings.Join(places, ", "))
	case p.In == "":
	case !f.IsExported():
		b.fail("%s is unexported and cannot be read: export it", where)
	default:
		b.place(&p, f.Type, where, layout)
		b.add(p)
	}
}

// place checks that a field can go where it wants to.
func (b *binder) place(p *Parameter, t reflect.Type, where, layout string) {
	switch p.In {
	case "body":
		b.placeBody(p, t, where)
		return
	case "path", "query":
		if variable := slices.Index(b.method.template.Names, p.Name); variable >= 0 {
			b.bindVariable(p, t, variable)
		} else if p.In == "path" {
			b.fail("%s goes into {%s}, but the path %q has no such variable", where, p.Name, b.method.Path)
		}
	case "header":
		if !message.IsToken(p.Name) {
			b.fail("%s: %q is no header name", where, p.Name)
		}
	case "cookie":
		if !message.IsToken(p.Name) {
			b.fail("%s: %q is no name of a cookie", where, p.Name)
		}
	case "form":
		b.placeForm(where)
	}
	if p.Name == "" {
		b.fail("%s: %s needs a name: write `%s:\"name\"`", where, p.In, p.In)
	}
	if p.In == "form" && isFile(t) {
		b.method.hasFiles = true
		return
	}
	p.format = formatterOf(t)
	if layout != "" {
		p.format = formatterWithLayout(t, layout)
	}
	if p.format == nil {
		b.fail("%s is a %s, which cannot be written as %s: take a string, a number, a bool, a slice of these, or a type with MarshalText or String",
			where, t, p.In)
	}
}

func (b *binder) placeBody(p *Parameter, t reflect.Type, where string) {
	switch {
	case b.hasBody || b.method.hasForm:
		b.fail("%s is a second body", where)
	case !takesBody(b.method.Verb):
		b.fail("%s is a body, but %s has none", where, b.method.Verb)
	}
	if p.Name != "" {
		b.fail("%s: a body has no name: write `body:\"\"`; content-type is a tag of the method", where)
	}
	b.bindBody(p, t)
}

func (b *binder) placeForm(where string) {
	switch {
	case b.hasBody:
		b.fail("%s is a field of a form, but there is a body already", where)
	case !takesBody(b.method.Verb):
		b.fail("%s is a field of a form, but %s has no body", where, b.method.Verb)
	}
	b.method.hasForm = true
}

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
