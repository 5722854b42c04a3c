// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Response is a method's result when it wants more than the decoded body:
//
//	GetProduct func(ctx context.Context, id string) (client.Response[Product], error) `get:"/products/{id}"`
type Response[T any] struct {
	Status int
	Header http.Header
	Body   T // the zero value when the answer has no body

	location *url.URL // that has responded; nil: not known, or not needed
}

func (*Response[T]) bodyType() reflect.Type { return reflect.TypeFor[T]() }

func (r *Response[T]) fill(got *message.Response, decode func(r *message.Response, target any) error) error {
	r.Status, r.Header, r.location = got.Status, got.Header, got.Location
	return decode(got, &r.Body)
}

// responder is a pointer to a Response of any type.
type responder interface {
	bodyType() reflect.Type
	fill(r *message.Response, decode func(r *message.Response, target any) error) error
}

// decoder takes answers apart by their content type.
type decoder struct{ codecs codecs }

// decode decodes the body into target, a pointer. No body leaves the zero value.
// An answer whose content type is unknown, or not told, is taken for JSON.
func (d decoder) decode(r *message.Response, target any) error {
	switch t := target.(type) {
	case responder:
		return t.fill(r, d.decode)
	case *string:
		*t = string(r.Body)
		return nil
	case *[]byte:
		*t = bytes.Clone(r.Body)
		return nil
	}
	if len(r.Body) == 0 {
		return nil
	}
	codec := d.codecs.of(contentTypeOf(r.Header))
	if codec == nil {
		codec = d.codecs.exactly("application/json")
	}
	if err := codec.Decode(r.Body, target); err != nil {
		return fmt.Errorf("%w as %s: %w%s", ErrDecode, reflect.TypeOf(target).Elem(), usercode.Error(err), contentTypeHint(r.Header))
	}
	return nil
}

func contentTypeOf(header http.Header) string {
	if values := header["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// contentTypeHint helps where the answer is no JSON at all: a proxy's page of
// HTML, for example.
func contentTypeHint(header http.Header) string {
	contentType := header.Get("Content-Type")
	if contentType == "" || strings.Contains(contentType, "json") {
		return ""
	}
	return fmt.Sprintf(" (its content type is %q)", contentType)
}

var (
	responseType   = reflect.TypeFor[*http.Response]()
	readCloserType = reflect.TypeFor[io.ReadCloser]()
)

// isStream reports whether a result is the body, or has it, to be read by the
// caller.
func isStream(t reflect.Type) bool { return t == responseType || t == readCloserType }

// streams reports whether the method's answer is not read whole.
func (m *Method) streams() bool { return isStream(m.typ.Out(0)) || elementOf(m.typ.Out(0)) != nil }

// bodyTypeOf returns the T of a Response[T], and any other type as it is.
func bodyTypeOf(t reflect.Type) reflect.Type {
	if r, ok := reflect.New(t).Interface().(responder); ok {
		return r.bodyType()
	}
	return t
}

// accept is what a method asks for: JSON, unless it takes the body as it is.
func (m *Method) accept() string {
	switch {
	case m.Accept != "":
		return m.Accept
	case elementOf(m.typ.Out(0)) != nil:
		return "application/x-ndjson, text/event-stream, application/json"
	case m.typ.NumOut() == 1 || isStream(m.typ.Out(0)):
		return ""
	}
	t := bodyTypeOf(m.typ.Out(0))
	if t == reflect.TypeFor[[]byte]() || t == reflect.TypeFor[string]() {
		return ""
	}
	return jsonMediaType
}

// acceptValues is the header Accept of a method's requests. One that takes any
// document that can be decoded asks for JSON first, and for what the user's
// codecs are for.
func (m *Method) acceptValues(users []Codec) []string {
	accept := m.accept()
	if accept == "" {
		return nil
	}
	if m.Accept == "" && accept == jsonMediaType {
		for _, codec := range users {
			if codec.MediaType() != jsonMediaType {
				accept += ", " + codec.MediaType() + ";q=0.9"
			}
		}
	}
	return []string{accept}
}
