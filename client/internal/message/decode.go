// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Decoder turns responses into values, by their content type. It is safe for
// concurrent use.
type Decoder struct{ Codecs Codecs }

// Decode decodes the body into target, a pointer. No body leaves the zero value.
// A response whose content type is unknown or missing is taken for JSON.
func (d Decoder) Decode(r *Response, target any) error {
	switch t := target.(type) {
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
	codec := d.Codecs.of(contentTypeOf(r.Header))
	if codec == nil {
		codec = d.Codecs.exactly(jsonMediaType)
	}
	if err := decode(codec, r.Body, target); err != nil {
		return NewDecodeError(" as "+typeOf(target)+contentTypeHint(r.Header), err)
	}
	return nil
}

// decode lets a codec decode, which may be a user's: a panic is an error.
func decode(codec Codec, data []byte, target any) error {
	return usercode.Call(func() error { return codec.Decode(data, target) })
}

// typeOf names the type that a target, a pointer, is decoded into.
func typeOf(target any) string { return strings.TrimPrefix(fmt.Sprintf("%T", target), "*") }

// contentTypeHint helps where the response is no JSON at all: a proxy's page of
// HTML, for example.
func contentTypeHint(header http.Header) string {
	contentType := contentTypeOf(header)
	if contentType == "" || strings.Contains(contentType, "json") {
		return ""
	}
	return fmt.Sprintf(" (its content type is %q)", Printable(contentType, 100))
}
