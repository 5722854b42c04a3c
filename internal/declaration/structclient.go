// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"slices"
	"strings"
)

// markerOf returns the field by which a struct declares itself a client.
func markerOf(t *Type) (marker Field, ok bool) {
	for _, f := range t.Fields {
		if f.Embedded && f.Type.isMarker() {
			return f, true
		}
	}
	return Field{}, false
}

// NameTag returns the name that the tag of a marker gives a client, or "".
func NameTag(marker string) string {
	tags, _ := ParseTags(marker) // an error is one of the declaration
	name, _ := lookup(tags, "name")
	return name
}

// OfStruct reads the declaration of a client that is a struct of functions. name
// is the client's unless its tag has one.
func OfStruct(t *Type, name string) *Client {
	c := &Client{Type: t.shortName(), toGuard: "embed client.ServiceClient"}
	marker, ok := markerOf(t)
	if !ok {
		c.fail("", "embeds neither client.HttpClient nor client.ServiceClient: embed one, with a tag such as `url:\"http://localhost:8080\"`")
		return c
	}
	c.Name, c.Marker, c.IsService = name, marker.Name, marker.Type.Role == ServiceClient
	c.readMarker(marker.Tag)
	r := &structReader{Client: c, marker: marker.Type.String, visible: map[string][]int{}}
	for _, f := range visibleFields(t) {
		r.visible[f.Name] = f.index
	}
	r.read(t, "", nil)
	return c
}

// structReader reads the fields of a client's struct.
type structReader struct {
	*Client
	marker    string
	hasMarker bool
	visible   map[string][]int // by name, where the fields are that are not hidden by others
}

// read reads the fields of the client, or of a struct that it embeds, to which
// path and index lead.
func (r *structReader) read(t *Type, path string, index []int) {
	for i, f := range t.Fields {
		at, field := append(slices.Clone(index), i), path+f.Name
		visible := r.visible[f.Name]
		switch {
		case f.Type.isMarker() && f.Embedded && !r.hasMarker && len(at) == 1:
			r.hasMarker = true
		case f.Type.isMarker():
			r.fail(strings.TrimSuffix(path, "."), "embeds %s besides %s: embed one", f.Type.String, r.marker)
		case f.Type.Kind == reflect.Struct && f.Embedded && f.Type.holdsMethods():
			r.readField(f, field, at)
			r.read(f.Type, field+".", at)
		case f.Type.target().holdsMethods() && !r.isOtherClient(f):
			r.refuseNested(f, field)
		case slices.Equal(visible, at):
			r.readField(f, field, at)
		case visible == nil && f.isMethod():
			r.fail(field, "is declared by another embedded struct, too: declare %s in %s itself, which takes the place of both", f.Name, r.Type)
		}
	}
}

// isOtherClient reports whether a field is a pointer to a client that is wired by
// itself.
func (r *structReader) isOtherClient(f Field) bool {
	_, ok := markerOf(f.Type.target())
	return ok && !f.Embedded && f.Type.Kind == reflect.Pointer
}

// refuseNested says that functions are where they cannot be wired.
func (r *structReader) refuseNested(f Field, field string) {
	if f.Embedded {
		r.fail(field, "is embedded as a pointer, behind which no function can be wired: embed %s", f.Type.target().String)
		return
	}
	r.fail(field, "has functions of a client, which are wired only in the client's struct and what it embeds: embed %s, or make it a client of its own", f.Type.target().String)
}

// holdsMethods reports whether t is a struct with functions that have a verb,
// directly or in the structs that are part of it.
func (t *Type) holdsMethods() bool {
	if t.Kind != reflect.Struct || t.isMarker() {
		return false
	}
	return slices.ContainsFunc(t.Fields, func(f Field) bool { return f.isMethod() || f.Type.holdsMethods() })
}

// isMethod reports whether a field is a function with a verb.
func (f Field) isMethod() bool {
	return f.Type.Kind == reflect.Func && HasVerb(f.Tag)
}

// HasVerb reports whether the tag of a field has a verb.
func HasVerb(tag string) bool {
	tags, _ := ParseTags(tag)
	return slices.ContainsFunc(tags, func(t Tag) bool { return slices.Contains(verbs, t.Key) })
}

// readField takes a field of the client's struct for a method if it has a verb.
// field is the way to it.
func (c *Client) readField(f Field, field string, index []int) {
	tags, err := ParseTags(f.Tag)
	if err != nil {
		c.fail(field, "%v", err)
		return
	}
	isFunc := f.Type.Kind == reflect.Func
	var declared, others []Tag
	for _, tag := range tags {
		switch {
		case slices.Contains(verbs, tag.Key):
			declared = append(declared, tag)
		case slices.Contains(methodTags, tag.Key):
			others = append(others, tag)
		case isFunc:
			c.unknownMethodTag(field, tag)
		}
	}
	switch {
	case !isFunc && len(declared) > 0:
		c.fail(field, "has the verb %s but is a %s: make it a func(ctx context.Context, ...) (T, error)", declared[0].Key, f.Type.String)
	case !isFunc && f.Embedded && len(others) > 0:
		c.fail(field, "has the tag %s but is no function: only methods have it", others[0].Key)
	case !isFunc:
	case len(declared) == 0 && f.Exported:
		c.fail(field, "has no verb: tag it, for example `get:\"/path\"`, or make the field unexported")
	case len(declared) == 0:
	case !f.Exported:
		c.fail(field, "is unexported and cannot be given an implementation: export it")
	case len(declared) > 1:
		c.fail(field, "has two verbs, %s and %s: declare one", declared[0].Key, declared[1].Key)
	default:
		c.readMethod(&Method{Name: f.Name, Field: field, Index: index, Func: f.Type.Func}, declared[0], others)
	}
}

func (c *Client) unknownMethodTag(field string, tag Tag) {
	c.fail(field, "unknown tag %q: it may be one of %s, %s", tag.Key, strings.Join(verbs, ", "), strings.Join(methodTags, ", ")+didYouMean(tag.Key, slices.Concat(verbs, methodTags)))
}
