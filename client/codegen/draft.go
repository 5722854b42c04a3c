// SPDX-License-Identifier: Apache-2.0

package codegen

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"reflect"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/internal/message"
)

// Draft is a request in the making. It is valid until the function that fills it
// returns.
type Draft message.Draft

func (d *Draft) draft() *message.Draft { return (*message.Draft)(d) }

// Variable sets the variable of the path template with the index i and the given
// name.
func (d *Draft) Variable(i int, name string, t Text) {
	if !d.failed(name, t) {
		d.draft().Variable(i, t.value)
	}
}

// Query adds parameters to the query: one for each value.
func (d *Draft) Query(name string, t Text) {
	if !d.failed(name, t) {
		d.draft().Query(name, t.value)
	}
}

// Header adds a header for each value.
func (d *Draft) Header(name string, t Text) {
	if !d.failed(name, t) {
		d.draft().Header(name, t.value)
	}
}

// Cookie adds a cookie for each value.
func (d *Draft) Cookie(name string, t Text) {
	if !d.failed(name, t) {
		d.draft().Cookie(name, t.value)
	}
}

// Field adds a field to the form.
func (d *Draft) Field(name string, t Text) {
	if !d.failed(name, t) {
		d.draft().Field(name, t.value)
	}
}

// failed reports whether an argument has no text, which ends the draft.
func (d *Draft) failed(name string, t Text) bool {
	if t.err != nil {
		d.draft().Fail(name, t.err)
	}
	return t.err != nil
}

// Files adds files to the form.
func (d *Draft) Files(name string, files ...client.File) {
	for _, file := range files {
		d.draft().File(name, message.File(file))
	}
}

// Queries adds parameters to the query.
func (d *Draft) Queries(values url.Values) { d.draft().Queries(values) }

// Headers adds headers, in place of those with their names.
func (d *Draft) Headers(header http.Header) { d.draft().Headers(header) }

// Link takes a link in place of path and query.
func (d *Draft) Link(link client.URL) { d.draft().Link(string(link)) }

// Body sets the body, which is not a nil pointer.
func (d *Draft) Body(v any) { d.draft().Body(v) }

// TextBody sets a body that is a string, or points to one. text is the string. It is
// sent as it is if the content type is a text.
func (d *Draft) TextBody(text string, v any) {
	if _, writesItself := v.(xml.Marshaler); d.draft().TakesText() && !writesItself {
		v = text
	}
	d.draft().Body(v)
}

// AnyBody sets a body whose type is a type parameter of the client. A nil pointer
// sends none.
func (d *Draft) AnyBody(v any) {
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return
	}
	if text := reflect.Indirect(r); text.Kind() == reflect.String {
		d.TextBody(text.String(), v)
		return
	}
	d.draft().Body(v)
}

// Options applies the options of the call.
func (d *Draft) Options(options []client.CallOption) {
	var o message.Options
	for _, option := range options {
		if option != nil {
			option(&o)
		}
	}
	d.draft().Options(o)
}
