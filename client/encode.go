// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// format returns the format of the method's messages.
func (m *Method) format(codecs message.Codecs) (*message.Format, error) {
	if m.encodesBody {
		if err := codecs.Check("content-type", m.ContentType); err != nil {
			return nil, err
		}
	}
	return message.NewFormat(m.template, m.ContentType, m.form(), codecs), nil
}

func (m *Method) form() message.Form {
	switch {
	case m.hasForm && m.hasFiles:
		return message.MultipartForm
	case m.hasForm:
		return message.URLEncoded
	}
	return message.NoForm
}

// fill puts the arguments after ctx into a draft.
func (m *Method) fill(d *message.Draft, args []reflect.Value) {
	for i := range m.Parameters {
		m.Parameters[i].addTo(d, args)
	}
	if m.typ.IsVariadic() {
		options, _ := args[len(args)-1].Interface().([]CallOption)
		d.Options(optionsOf(options))
	}
}

// addTo adds a parameter to a draft.
func (p *Parameter) addTo(d *message.Draft, args []reflect.Value) {
	if p.format == nil {
		p.addWhole(d, args)
		return
	}
	value, err := p.value(args)
	if err != nil {
		d.Fail(p.Name, err)
		return
	}
	switch {
	case p.variable >= 0:
		d.Variable(p.variable, value)
	case p.In == "query":
		d.Query(p.Name, value)
	case p.In == "form":
		d.Field(p.Name, value)
	case p.In == "header":
		d.Header(p.Name, value)
	case p.In == "cookie":
		d.Cookie(p.Name, value)
	}
}

// addWhole adds a parameter that is not one text.
func (p *Parameter) addWhole(d *message.Draft, args []reflect.Value) {
	v, ok := p.read(args)
	if !ok {
		return
	}
	switch p.In {
	case "url":
		d.Link(v.String())
	case "header":
		d.Headers(v.Interface().(http.Header))
	case "query":
		d.Queries(v.Interface().(url.Values))
	case "form":
		for _, file := range filesOf(v) {
			d.File(p.Name, message.File(file))
		}
	case "body":
		addBody(d, v)
	}
}

// addBody sets the body. A nil pointer or interface sends none.
func addBody(d *message.Draft, v reflect.Value) {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return
	}
	body := v.Interface()
	if text := reflect.Indirect(v); text.Kind() == reflect.String && d.TakesText() {
		if _, writesItself := body.(xml.Marshaler); !writesItself {
			body = text.String()
		}
	}
	d.Body(body)
}
