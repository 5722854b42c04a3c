// SPDX-License-Identifier: Apache-2.0

package client

import (
	"io"
	"net/http"
	"net/url"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/message"
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

func (r *Response[T]) fill(got *message.Response, d message.Decoder) error {
	r.Status, r.Header, r.location = got.Status, got.Header, got.Location
	return decode(d, got, &r.Body)
}

// responder is a pointer to a Response of any type.
type responder interface {
	bodyType() reflect.Type
	fill(r *message.Response, d message.Decoder) error
}

// decode takes a response into target, a pointer.
func decode(d message.Decoder, r *message.Response, target any) error {
	if t, ok := target.(responder); ok {
		return t.fill(r, d)
	}
	return d.Decode(r, target)
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
	return "application/json"
}

// acceptValues is the header Accept of a method's requests. One that takes any
// document that can be decoded asks for JSON first, and for what the user's
// codecs are for.
func (m *Method) acceptValues(users []Codec) []string {
	accept := m.accept()
	if accept == "" {
		return nil
	}
	if m.Accept == "" && accept == "application/json" {
		for _, codec := range users {
			if codec.MediaType() != "application/json" {
				accept += ", " + codec.MediaType() + ";q=0.9"
			}
		}
	}
	return []string{accept}
}
