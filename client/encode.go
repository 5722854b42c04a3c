// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// encoder makes messages of a method's arguments.
type encoder struct {
	*Method
	codec Codec // for the body; nil: sent as it is
	raw   bool  // bodies of strings and bytes are sent as they are
}

func newEncoder(m *Method, cs codecs) (*encoder, error) {
	mediaType := mediaTypeOf(m.ContentType)
	if mediaType == "" {
		return &encoder{Method: m, codec: cs.exactly("application/json")}, nil
	}
	if m.encodesBody {
		if err := cs.check("content-type", m.ContentType); err != nil {
			return nil, err
		}
	}
	return &encoder{Method: m, codec: cs.of(mediaType), raw: isRaw(mediaType)}, nil
}

// encode turns the arguments after ctx into a message. Its error is an
// ErrInvalidRequest: nothing has been sent.
func (m *encoder) encode(msg *message.Message, args []reflect.Value) (err error) {
	defer func() {
		if r := recover(); r != nil { // a user's MarshalJSON, MarshalText or String
			err = fmt.Errorf("%w: an argument panicked while it was encoded: %w", ErrInvalidRequest, kernel.NewPanicError(r))
		}
		err = usercode.Error(err)
	}()
	e := draft{encoder: m, message: msg, args: args}
	if m.hasForm {
		e.form = newForm(m.hasFiles)
	}
	var few [3]argumentValue // most templates have no more variables
	variables := few[:]
	if len(m.template.names) > len(few) {
		variables = make([]argumentValue, len(m.template.names))
	}
	for i := range m.Parameters {
		if err := e.add(&m.Parameters[i], variables); err != nil {
			return err
		}
	}
	if e.form != nil {
		if err := e.form.end(msg); err != nil {
			return err
		}
	}
	if msg.Path, err = m.template.expandPath(variables); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidRequest, err)
	}
	msg.Query = joinQuery(m.template.expandQuery(variables), e.query)
	if m.typ.IsVariadic() {
		options, _ := args[len(args)-1].Interface().([]CallOption)
		if err := apply(msg, options); err != nil {
			return err
		}
	}
	return nil
}

// draft is a message in the making.
type draft struct {
	*encoder
	message *message.Message
	args    []reflect.Value
	query   string // further parameters, escaped
	form    *form  // nil: none
}

func (e *draft) add(p *Parameter, variables []argumentValue) error {
	switch {
	case p.In == "body":
		v, ok := p.read(e.args)
		if !ok {
			return nil
		}
		return e.setBody(v)
	case p.In == "url":
		e.message.Link = e.args[p.arg].String()
		return nil
	case p.In == "form" && p.format == nil:
		return e.addFiles(p)
	case p.format == nil && p.In == "header":
		return e.addHeaders(e.args[p.arg].Interface().(http.Header))
	case p.format == nil: // url.Values
		more := e.args[p.arg].Interface().(url.Values)
		e.query = joinQuery(e.query, strings.ReplaceAll(more.Encode(), "+", "%20"))
		return nil
	}
	value, err := p.value(e.args)
	if err != nil {
		return err
	}
	switch {
	case p.variable >= 0:
		variables[p.variable] = value
	case p.In == "query":
		e.query = appendParameter(e.query, p.Name, &value)
	case p.In == "form":
		return e.form.add(p.Name, &value)
	case p.In == "header":
		return e.addHeader(p.Name, &value)
	case p.In == "cookie":
		return e.addCookie(p.Name, &value)
	}
	return nil
}

func (e *draft) addFiles(p *Parameter) error {
	v, ok := p.read(e.args)
	if !ok {
		return nil
	}
	for _, file := range filesOf(v) {
		if err := e.form.addFile(p.Name, file); err != nil {
			return err
		}
	}
	return nil
}

func (e *draft) header() http.Header {
	if e.message.Header == nil {
		e.message.Header = http.Header{}
	}
	return e.message.Header
}

func (e *draft) addHeaders(header http.Header) error {
	if e.message.Header == nil {
		e.message.Header = header // most calls have no other
		return checkHeader(header)
	}
	for name, values := range header {
		e.message.Header[http.CanonicalHeaderKey(name)] = values
	}
	return checkHeader(header)
}

func (e *draft) addHeader(name string, value *argumentValue) error {
	for _, text := range texts(value) {
		if err := checkHeaderValue("header "+name, text); err != nil {
			return err
		}
		e.message.Header = e.header().Clone() // it may be the caller's
		e.message.Header.Add(name, text)
	}
	return nil
}

// addCookie adds to the header Cookie. RFC 6265, section 4.1.1, says what may
// stand in one.
func (e *draft) addCookie(name string, value *argumentValue) error {
	for _, text := range texts(value) {
		cookie := http.Cookie{Name: name, Value: text}
		if err := cookie.Valid(); err != nil {
			return fmt.Errorf("%w: the cookie %s has a value that cannot be sent", ErrInvalidRequest, name)
		}
		pair := name + "=" + text
		if known := e.header().Get("Cookie"); known != "" {
			pair = known + "; " + pair
		}
		e.message.Header = e.header().Clone()
		e.message.Header.Set("Cookie", pair)
	}
	return nil
}

// texts are the values under one name.
func texts(v *argumentValue) []string {
	switch {
	case v.IsUndefined():
		return nil
	case v.Kind == uritemplate.List:
		return v.List
	case v.Kind == uritemplate.Pairs:
		var pairs []string
		for _, pair := range v.Pairs {
			pairs = append(pairs, pair[0]+"="+pair[1])
		}
		return pairs
	}
	return []string{v.Text}
}

// appendParameter adds name=value for every value; pairs bring their names.
func appendParameter(query, name string, v *argumentValue) string {
	if v.Kind == uritemplate.Pairs {
		for _, pair := range v.Pairs {
			query = joinQuery(query, uritemplate.Escape(pair[0])+"="+uritemplate.Escape(pair[1]))
		}
		return query
	}
	for _, text := range texts(v) {
		query = joinQuery(query, uritemplate.Escape(name)+"="+uritemplate.Escape(text))
	}
	return query
}

func joinQuery(query, more string) string {
	if query == "" || more == "" {
		return query + more
	}
	return query + "&" + more
}

// setBody encodes the body. Bytes are sent as they are, and so are strings where
// the content type is a text; a nil pointer or interface sends none.
func (e *draft) setBody(v reflect.Value) error {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return nil
	}
	msg := e.message
	msg.HasBody, msg.ContentType = true, e.ContentType
	switch body := v.Interface().(type) {
	case []byte:
		msg.Body = body
		if msg.ContentType == "" {
			msg.ContentType = "application/octet-stream"
		}
		return nil
	case io.Reader:
		if msg.ContentType == "" {
			msg.ContentType = "application/octet-stream"
		}
		stream(msg, message.NewStreamedBody(body), msg.ContentType)
		return nil
	case string:
		if e.raw {
			msg.Body = []byte(body)
			return nil
		}
	}
	if e.codec == nil {
		return fmt.Errorf("%w: a %s cannot be sent as %s", ErrInvalidRequest, v.Type(), e.ContentType)
	}
	body, err := e.codec.Encode(v.Interface())
	if err != nil {
		return fmt.Errorf("%w: the body cannot be encoded as %s: %w", ErrInvalidRequest, e.codec.MediaType(), err)
	}
	msg.Body = body
	if msg.ContentType == "" {
		msg.ContentType = e.codec.MediaType()
	}
	return nil
}
