// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
)

// Codec encodes bodies and decodes answers of one media type. A bean that is a
// Codec is used by all clients for the methods that say content-type:"..." or
// accept:"..." with its media type, and for answers of that type; it takes the
// place of a built-in one. JSON, XML and forms are built in. A Codec must be safe for
// concurrent use.
type Codec interface {
	// MediaType is what the codec is for, without parameters:
	// "application/cbor".
	MediaType() string
	// Encode returns v as a body.
	Encode(v any) ([]byte, error)
	// Decode fills target, a pointer, from the body of an answer. It must not
	// keep data.
	Decode(data []byte, target any) error
}

type jsonCodec struct{}

func (jsonCodec) MediaType() string                    { return "application/json" }
func (jsonCodec) Encode(v any) ([]byte, error)         { return json.Marshal(v) }
func (jsonCodec) Decode(data []byte, target any) error { return json.Unmarshal(data, target) }

type xmlCodec struct{}

func (xmlCodec) MediaType() string                    { return "application/xml" }
func (xmlCodec) Encode(v any) ([]byte, error)         { return xml.Marshal(v) }
func (xmlCodec) Decode(data []byte, target any) error { return xml.Unmarshal(data, target) }

const (
	jsonMediaType = "application/json"
	formMediaType = "application/x-www-form-urlencoded"
)

// formCodec is for forms given whole. Fields of a struct are tagged form instead.
type formCodec struct{}

func (formCodec) MediaType() string { return formMediaType }

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
		return fmt.Errorf("a form cannot be taken into a %T: take a url.Values", target)
	}
	return nil
}

// codecs are those that a client can use; of one media type the first counts.
type codecs []Codec

func newCodecs(users []Codec) codecs {
	return append(slices.Clone(users), jsonCodec{}, xmlCodec{}, formCodec{})
}

// of returns the codec for a media type, or nil: one of just that type, or of
// the type behind a structured syntax suffix (RFC 6839), as in
// application/problem+json; text/xml is application/xml.
func (cs codecs) of(contentType string) Codec {
	if c := cs.exactly(contentType); c != nil { // as it mostly is
		return c
	}
	mediaType := mediaTypeOf(contentType)
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

func (cs codecs) exactly(mediaType string) Codec {
	for _, c := range cs {
		if c.MediaType() == mediaType {
			return c
		}
	}
	return nil
}

// mediaTypeOf takes off what follows a media type: "; charset=utf-8".
func mediaTypeOf(contentType string) string {
	if !strings.ContainsAny(contentType, "; ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return contentType
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
	}
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// isRaw reports whether bodies of a media type are sent and given as they are.
func isRaw(mediaType string) bool {
	return mediaType == "application/octet-stream" || strings.HasPrefix(mediaType, "text/") && mediaType != "text/xml"
}

// check refuses a media type for which there is no codec.
func (cs codecs) check(tag, contentType string) error {
	mediaType := mediaTypeOf(contentType)
	if contentType == "" || isRaw(mediaType) || cs.of(mediaType) != nil {
		return nil
	}
	var known []string
	for _, c := range cs {
		known = append(known, c.MediaType())
	}
	return fmt.Errorf("%s %q: there is no codec for it, but for %s: register a bean that is a client.Codec", tag, contentType, strings.Join(known, ", "))
}
