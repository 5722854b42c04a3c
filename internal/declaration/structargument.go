// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// places are the tags by which a field of a struct argument says where it goes.
var places = []string{"path", "query", "header", "cookie", "form", "body"}

// details are the tags that such a field may have besides.
var details = []string{"default", "layout"}

// missingTags are those that a field with some tags may have besides.
func missingTags(tags []Tag) []string {
	if slices.ContainsFunc(tags, func(tag Tag) bool { return slices.Contains(places, tag.Key) }) {
		return details
	}
	return slices.Concat(places, details)
}

// isParameters reports whether t is a struct, or points to one, whose fields say
// by tags where they go.
func isParameters(t *Type) bool { return hasPlaces(t.target(), nil) }

func hasPlaces(t *Type, within []*Type) bool {
	if t.Kind != reflect.Struct || slices.Contains(within, t) {
		return false
	}
	within = append(within, t)
	for _, f := range t.Fields {
		if f.Embedded && hasPlaces(f.Type.target(), within) {
			return true
		}
		for _, place := range places {
			if _, ok := reflect.StructTag(f.Tag).Lookup(place); ok {
				return true
			}
		}
	}
	return false
}

// bindStruct binds every field of a struct argument.
func (b *binder) bindStruct(arg int, t *Type) {
	for _, f := range visibleFields(t.target()) {
		if f.Embedded && isParameters(f.Type) {
			continue // its fields are visible too
		}
		b.bindField(arg, t.target(), f)
	}
}

// checkFieldTag refuses a tag that is one letter away from a known one. Others are
// for somebody else.
func (b *binder) checkFieldTag(where, key string, known []string) (isMisspelt bool) {
	near := nearMiss(key, known)
	if near == "" || slices.Contains(known, key) {
		return false
	}
	b.fail("%s: unknown tag %q; did you mean %s?", where, key, near)
	return true
}

// hasMisspeltPlaces reports whether t would be a struct that says where its fields
// go if its tags were spelt well.
func (b *binder) hasMisspeltPlaces(t *Type) bool {
	found := false
	for _, f := range t.target().Fields {
		tags, _ := ParseTags(f.Tag) // of a body that others read
		if len(tags) != 1 {
			continue // tags such as json say that it is one
		}
		found = b.checkFieldTag(t.target().shortName()+"."+f.Name, tags[0].Key, places) || found
	}
	return found
}

func (b *binder) bindField(arg int, t *Type, f visibleField) {
	where := t.shortName() + "." + f.Name
	tags, err := ParseTags(f.Tag)
	if err != nil {
		b.fail("takes a %s: %s: %v", t.String, f.Name, err)
		return
	}
	p := Parameter{Type: f.Type, Arg: arg, Index: f.index, Variable: -1}
	for _, tag := range tags {
		switch {
		case slices.Contains(places, tag.Key) && p.In != "":
			b.fail("%s has two places, %s and %s: give it one", where, p.In, tag.Key)
		case slices.Contains(places, tag.Key):
			name, option, _ := strings.Cut(tag.Value, ",")
			p.In, p.Name, p.Omit = tag.Key, name, option == "omitempty"
			if option != "" && option != "omitempty" {
				b.fail("%s: unknown option %q: it may be omitempty", where, option)
			}
		case tag.Key == "default":
			p.Default = tag.Value
		case tag.Key == "layout":
			p.Layout = tag.Value
		default:
			b.checkFieldTag(where, tag.Key, missingTags(tags))
		}
	}
	switch {
	case p.In == "" && f.Exported:
		b.fail("%s has no place: tag it with one of %s", where, strings.Join(places, ", "))
	case p.In == "":
	case !f.Exported:
		b.fail("%s is unexported and cannot be read: export it", where)
	default:
		b.place(&p, where)
		b.add(p)
	}
}

// place checks that a field can go where it wants to.
func (b *binder) place(p *Parameter, where string) {
	switch p.In {
	case "body":
		b.placeBody(p, where)
		return
	case "path", "query":
		if variable := slices.Index(b.method.Template.Names, p.Name); variable >= 0 {
			b.bindVariable(p, variable)
		} else if p.In == "path" {
			b.fail("%s goes into {%s}, but the path %q has no such variable", where, p.Name, b.method.Path)
		}
	case "header":
		if !isToken(p.Name) {
			b.fail("%s: %q is no header name", where, p.Name)
		}
	case "cookie":
		if !isToken(p.Name) {
			b.fail("%s: %q is no name of a cookie", where, p.Name)
		}
	case "form":
		b.placeForm(where)
	}
	if p.Name == "" {
		b.fail("%s: %s needs a name: write `%s:\"name\"`", where, p.In, p.In)
	}
	if p.In == "form" && p.Type.isFile() {
		b.method.HasFiles = true
		return
	}
	p.IsText = true
	if !p.Type.hasTextWith(p.Layout) {
		b.fail("%s is a %s, which cannot be written as %s: take a string, a number, a bool, a slice of these, or a type with MarshalText or String",
			where, p.Type.String, p.In)
	}
}

// hasTextWith reports whether values of type t can be written by a layout of
// package time, or as they are if there is none.
func (t *Type) hasTextWith(layout string) bool {
	if layout == "" {
		return t.HasText()
	}
	return t.target().Role == Time
}

func (b *binder) placeBody(p *Parameter, where string) {
	switch {
	case b.hasBody || b.method.HasForm:
		b.fail("%s is a second body", where)
	case !takesBody(b.method.Verb) && b.method.Verb != http.MethodDelete:
		b.fail("%s is a body, but %s has none", where, b.method.Verb)
	}
	if p.Name != "" {
		b.fail("%s: a body has no name: write `body:\"\"`; content-type is a tag of the method", where)
	}
	b.bindBody(p)
}

func (b *binder) placeForm(where string) {
	switch {
	case b.hasBody:
		b.fail("%s is a field of a form, but there is a body already", where)
	case !takesBody(b.method.Verb):
		b.fail("%s is a field of a form, but %s has no body", where, b.method.Verb)
	}
	b.method.HasForm = true
}
