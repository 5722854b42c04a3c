// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"reflect"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/argument"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// Method is one declared method of a client.
type Method struct {
	Name        string      `json:"name"`                  // the field: "GetProduct"
	Verb        string      `json:"verb"`                  // "GET"
	Path        string      `json:"path"`                  // the template: "/products/{product_id}"; secrets are hidden
	Parameters  []Parameter `json:"parameters"`            // in the order of the arguments after ctx, and of their fields
	Result      string      `json:"result"`                // the type of the answer, "" for none
	Idempotent  bool        `json:"idempotent"`            // by its verb or by its tag
	ContentType string      `json:"contentType,omitempty"` // of the body, as declared
	Accept      string      `json:"accept,omitempty"`      // as declared
	Headers     http.Header `json:"headers,omitempty"`     // as declared, placeholders and all; secrets are hidden
	Reconnect   bool        `json:"reconnect,omitempty"`   // a stream of events goes on after its end

	declared    *declared
	timeout     time.Duration // of an attempt, as declared; 0: not, resilience.NoDelay: none
	index       []int         // of the field
	field       string        // the way to it
	typ         reflect.Type
	template    *message.Template
	hasForm     bool
	hasFiles    bool // in the form
	encodesBody bool // by a codec
	decodesBody bool // by a codec
}

// Parameter is one argument of a method, or one field of a struct that is an
// argument.
type Parameter struct {
	Name string `json:"name"` // the template's variable, the tag's name; "" for body, headers and further queries
	In   string `json:"in"`   // "path", "query", "header", "cookie", "form", "body" or "url"
	Type string `json:"type"`

	arg      int                // of the arguments after ctx
	index    []int              // of the field, nil for the argument itself
	format   argument.Formatter // turns the value into text; nil for headers, queries and bodies as a whole
	variable int                // index into the template's variables, or -1
	omit     bool               // the zero value is left out
	fallback string             // sent for the zero value
}

// methodOf returns a method that a client declares, with what its calls need to know
// of its Go type.
func methodOf(typ reflect.Type, m *declaration.Method) Method {
	method := Method{
		Name: m.Name, Verb: m.Verb, Path: m.Path, Idempotent: m.Idempotent || engine.IsIdempotent(m.Verb),
		ContentType: m.ContentType, Accept: m.Accept, Headers: shown.Names(nil).Declared(m.Headers), Reconnect: m.Reconnect,
		declared: &declared{headers: m.Headers}, timeout: m.Timeout, index: m.Index, field: m.Field, typ: typ,
		template: message.NewTemplate(m.Template), hasForm: m.HasForm, hasFiles: m.HasFiles, encodesBody: m.EncodesBody, decodesBody: m.DecodesBody(),
	}
	if result := m.Result(); result != nil {
		method.Result = result.String
	}
	for i := range m.Parameters {
		method.Parameters = append(method.Parameters, parameterOf(typ, &m.Parameters[i]))
	}
	return method
}

func parameterOf(fn reflect.Type, p *declaration.Parameter) Parameter {
	parameter := Parameter{
		Name: p.Name, In: p.In, Type: p.Type.String,
		arg: p.Arg, index: p.Index, variable: p.Variable, omit: p.Omit, fallback: p.Default,
	}
	if !p.IsText {
		return parameter
	}
	t := fn.In(p.Arg + 1)
	if p.Index != nil {
		t = naming.Base(t).FieldByIndex(p.Index).Type
	}
	if parameter.format = argument.FormatterOf(t); p.Layout != "" {
		parameter.format = argument.WithLayout(t, p.Layout)
	}
	return parameter
}

var errorType = reflect.TypeFor[error]()
