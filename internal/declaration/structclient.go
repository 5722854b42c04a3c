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
	c := &Client{Type: t.shortName()}
	marker, ok := markerOf(t)
	if !ok {
		c.fail("", "embeds neither client.HttpClient nor client.ServiceClient: embed one, with a tag such as `url:\"http://localhost:8080\"`")
		return c
	}
	c.Name, c.Marker, c.IsService = name, marker.Name, marker.Type.Role == ServiceClient
	c.readMarker(marker.Tag)
	isFirst := true
	for i, f := range t.Fields {
		switch {
		case !f.Type.isMarker():
			c.readField(f, []int{i})
		case isFirst && f.Embedded:
			isFirst = false
		default:
			c.fail("", "embeds %s besides %s: embed one", f.Type.String, marker.Type.String)
		}
	}
	return c
}

// readField takes a field of the client's struct for a method if it has a verb.
func (c *Client) readField(f Field, index []int) {
	tags, err := ParseTags(f.Tag)
	if err != nil {
		c.fail(f.Name, "%v", err)
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
			c.unknownMethodTag(f.Name, tag)
		}
	}
	switch {
	case !isFunc && len(declared) > 0:
		c.fail(f.Name, "has the verb %s but is a %s: make it a func(ctx context.Context, ...) (T, error)", declared[0].Key, f.Type.String)
	case !isFunc:
	case len(declared) == 0 && f.Exported:
		c.fail(f.Name, "has no verb: tag it, for example `get:\"/path\"`, or make the field unexported")
	case len(declared) == 0:
	case !f.Exported:
		c.fail(f.Name, "is unexported and cannot be given an implementation: export it")
	case len(declared) > 1:
		c.fail(f.Name, "has two verbs, %s and %s: declare one", declared[0].Key, declared[1].Key)
	default:
		c.readMethod(&Method{Name: f.Name, Field: f.Name, Index: index, Func: f.Type.Func}, declared[0], others)
	}
}

func (c *Client) unknownMethodTag(field string, tag Tag) {
	c.fail(field, "unknown tag %q: it may be one of %s, %s", tag.Key, strings.Join(verbs, ", "), strings.Join(methodTags, ", "))
}
