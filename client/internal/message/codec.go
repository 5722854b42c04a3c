// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
)

// Codec encodes and decodes bodies of one media type: see client.Codec.
type Codec interface {
	MediaType() string
	Encode(v any) ([]byte, error)
	Decode(data []byte, target any) error
}

// Codecs are those that a client can use; of one media type the first counts.
type Codecs []Codec

// NewCodecs returns the user's codecs and the built-in ones, for JSON, XML and
// forms.
func NewCodecs[C Codec](users []C) Codecs {
	var codecs Codecs
	for _, c := range users {
		codecs = append(codecs, c)
	}
	return append(codecs, jsonCodec{}, xmlCodec{}, formCodec{})
}

// of returns the codec for a media type, or nil: one of just that type, or of
// the type behind a structured syntax suffix (RFC 6839), as in
// application/problem+json; text/xml is application/xml.
func (cs Codecs) of(contentType string) Codec {
	if c := cs.exactly(contentType); c != nil { // as it mostly is
		return c
	}
	mediaType := MediaType(contentType)
	if c := cs.exactly(mediaType); c != nil {
		return c
	}
	if mediaType == "text/xml" {
		mediaType = "application/xml"
	}
	if plus := strings.LastIndexByte(mediaType, '+'); plus >= 0 {
		mediaType = "application/" + mediaType[plus+1:]
	}
	return cs.exactly(mediaType)
}

func (cs Codecs) exactly(mediaType string) Codec {
	for _, c := range cs {
		if c.MediaType() == mediaType {
			return c
		}
	}
	return nil
}

// Check refuses a media type, the value of the named tag, for which there is no
// codec.
func (cs Codecs) Check(tag, contentType string) error {
	ranges := []string{contentType}
	if tag == "accept" { // one of several is enough
		ranges = strings.Split(contentType, ",")
	}
	for _, text := range ranges {
		mediaType := MediaType(strings.TrimSpace(text))
		if contentType == "" || isRaw(mediaType) || tag == "accept" && strings.HasSuffix(mediaType, "/*") || cs.of(mediaType) != nil {
			return nil
		}
	}
	var known []string
	for _, c := range cs {
		known = append(known, c.MediaType())
	}
	return fmt.Errorf("%s %q: there is no codec for it, but for %s: register a bean that is a client.Codec", tag, contentType, strings.Join(known, ", "))
}

const byteOrderMark = "\ufeff"

// WithoutBOM takes a byte order mark off a text. RFC 8259, section 8.1, lets those
// who read JSON ignore it.
func WithoutBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte(byteOrderMark)) }

type jsonCodec struct{}

func (jsonCodec) MediaType() string            { return jsonMediaType }
func (jsonCodec) Encode(v any) ([]byte, error) { return json.Marshal(v) }
func (jsonCodec) Decode(data []byte, target any) error {
	return json.Unmarshal(WithoutBOM(data), target)
}

type xmlCodec struct{}

func (xmlCodec) MediaType() string                    { return xmlMediaType }
func (xmlCodec) Encode(v any) ([]byte, error)         { return xml.Marshal(v) }
func (xmlCodec) Decode(data []byte, target any) error { return xml.Unmarshal(data, target) }

// formCodec is for forms given whole. Fields of a struct are tagged form instead.
type formCodec struct{}

func (formCodec) MediaType() string { return FormMediaType }

func (formCodec) Encode(v any) ([]byte, error) {
	switch form := v.(type) {
	case url.Values:
		return []byte(form.Encode()), nil
	case map[string][]string:
		return []byte(url.Values(form).Encode()), nil
	case map[string]string:
		values := make(url.Values, len(form))
		for name, value := range form {
			values.Set(name, value)
		}
		return []byte(values.Encode()), nil
	}
	return nil, fmt.Errorf("a %T is no form: take a url.Values, a map[string]string, or a struct whose fields are tagged form", v)
}

func (formCodec) Decode(data []byte, target any) error {
	values, err := url.ParseQuery(string(data))
	if err != nil {
		return err
	}
	switch form := target.(type) {
	case *url.Values:
		*form = values
	case *map[string][]string:
		*form = values
	default:
		return plainError(fmt.Sprintf("a form cannot be taken into a %T: take a url.Values", target))
	}
	return nil
}
