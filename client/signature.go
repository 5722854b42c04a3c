// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/internal/secret"
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
	field       int           // index of the field
	typ         reflect.Type
	template    *message.Template
	hasForm     bool
	hasFiles    bool // in the form
	encodesBody bool // by a codec
}

// Parameter is one argument of a method, or one field of a struct that is an
// argument.
type Parameter struct {
	Name string `json:"name"` // the template's variable, the tag's name; "" for body, headers and further queries
	In   string `json:"in"`   // "path", "query", "header", "cookie", "form", "body" or "url"
	Type string `json:"type"`

	arg      int       // of the arguments after ctx
	index    []int     // of the field, nil for the argument itself
	format   formatter // turns the value into text; nil for headers, queries and bodies as a whole
	variable int       // index into the template's variables, or -1
	omit     bool      // the zero value is left out
	fallback string    // sent for the zero value
}

// methodTags are the tags that a method may have beside its verb.
var methodTags = []string{"idempotent", "content-type", "accept", "headers", "reconnect", "timeout"}

func (d *Declaration) readMethod(field reflect.StructField, verb tag, others []tag) {
	before := len(d.problems)
	m := Method{Name: field.Name, Verb: strings.ToUpper(verb.key), Path: shownTemplate(verb.value), field: field.Index[0], typ: field.Type, declared: &declared{}}
	m.Idempotent = engine.IsIdempotent(m.Verb)
	for _, tag := range others {
		d.readMethodTag(&m, tag)
	}
	var err error
	if m.template, err = message.ParseTemplate(verb.value); err != nil {
		d.fail(field.Name, "%s", secret.Text(err.Error()))
	}
	d.readSignature(&m)
	if len(d.problems) == before {
		d.Methods = append(d.Methods, m)
	}
}

func (d *Declaration) readMethodTag(m *Method, tag tag) {
	switch tag.key {
	case "idempotent":
		if tag.value != "true" && tag.value != "false" {
			d.fail(m.Name, "idempotent %q: write true or false", tag.value)
		}
		m.Idempotent = m.Idempotent || tag.value == "true"
	case "reconnect":
		m.Reconnect = tag.value == "true"
		if tag.value != "true" && tag.value != "false" {
			d.fail(m.Name, "reconnect %q: write true or false", tag.value)
		}
		if m.typ.NumOut() != 1 || elementOf(m.typ.Out(0)) == nil {
			d.fail(m.Name, "reconnects, but returns no iter.Seq2[T, error]")
		}
	case "timeout":
		m.timeout = d.duration(m.Name, tag)
	case "content-type":
		m.ContentType = tag.value
		if !takesBody(m.Verb) {
			d.fail(m.Name, "has a content-type, but %s has no body", m.Verb)
		}
	case "accept":
		m.Accept = tag.value
	case "headers":
		m.declared.headers = d.readHeaders(m.Name, tag)
		m.Headers = secretNames(nil).declared(m.declared.headers)
	}
	if tag.key != "idempotent" && tag.value == "" {
		d.fail(m.Name, "%s is empty", tag.key)
	}
}

var (
	contextType   = reflect.TypeFor[context.Context]()
	errorType     = reflect.TypeFor[error]()
	headerType    = reflect.TypeFor[http.Header]()
	urlValuesType = reflect.TypeFor[url.Values]()
)

func (d *Declaration) readSignature(m *Method) {
	fn := m.typ
	switch {
	case fn.NumIn() == 0 || fn.In(0) != contextType:
		d.fail(m.Name, "does not take a context: make its first parameter a context.Context")
		return
	case fn.IsVariadic() && fn.In(fn.NumIn()-1) != callOptionsType:
		d.fail(m.Name, "is variadic, which a request cannot be, except for ...client.CallOption: take a slice")
		return
	}
	d.readResult(m)
	if m.template != nil {
		d.readParameters(m)
	}
}

func (d *Declaration) readResult(m *Method) {
	switch fn := m.typ; {
	case fn.NumOut() == 1 && fn.Out(0) == errorType:
	case fn.NumOut() == 1 && elementOf(fn.Out(0)) != nil:
		m.Result = fn.Out(0).String()
		if element := elementOf(fn.Out(0)); !isData(element) {
			d.fail(m.Name, "returns a %s: nothing can be decoded into a %s", fn.Out(0), element)
		}
	case fn.NumOut() == 2 && fn.Out(1) == errorType:
		m.Result = fn.Out(0).String()
		if unsupported := unsupportedResult(fn.Out(0)); unsupported != "" {
			d.fail(m.Name, "returns a %s: %s", fn.Out(0), unsupported)
		}
	default:
		d.fail(m.Name, "does not return error, (T, error) or iter.Seq2[T, error]")
	}
}

// arguments is how many parameters a method has after ctx, call options not
// counted.
func (m *Method) arguments() int {
	n := m.typ.NumIn() - 1
	if m.typ.IsVariadic() {
		n--
	}
	return n
}

// readParameters binds the arguments after ctx: a struct by the tags of its
// fields; else to the template's variables in order, by their type to headers
// and further queries, and one more to the body.
func (d *Declaration) readParameters(m *Method) {
	b := &binder{declaration: d, method: m, isBound: make([]bool, len(m.template.Names)), special: map[reflect.Type]bool{}}
	for i := range m.arguments() {
		if !b.bind(i, m.typ.In(i+1)) {
			return
		}
	}
	for i, name := range m.template.Names {
		if !b.isBound[i] {
			d.fail(m.Name, "the path %q has a variable {%s} that no argument gives", m.Path, name)
		}
	}
}

// binder gives each argument of a method its place in a request.
type binder struct {
	declaration *Declaration
	method      *Method
	isBound     []bool // by variable of the template
	special     map[reflect.Type]bool
	hasBody     bool
}

func (b *binder) fail(format string, args ...any) {
	b.declaration.fail(b.method.Name, format, args...)
}

func (b *binder) add(p Parameter) { b.method.Parameters = append(b.method.Parameters, p) }

// bind is false when to go on would only add to the confusion.
func (b *binder) bind(arg int, t reflect.Type) bool {
	m := b.method
	p := Parameter{Type: t.String(), arg: arg, variable: -1}
	variable := slices.Index(b.isBound, false)
	switch {
	case t == headerType || t == urlValuesType && !b.isForm():
		p.In = map[reflect.Type]string{headerType: "header", urlValuesType: "query"}[t]
		if b.special[t] {
			b.fail("takes two arguments of type %s: take one", t)
		}
		b.special[t] = true
	case t == linkType:
		p.In = "url"
		if b.special[t] {
			b.fail("takes two arguments of type %s: take one", t)
		}
		b.special[t] = true
		for i := range b.isBound { // the link says it all
			b.isBound[i] = true
		}
		if len(b.isBound) > 0 {
			b.fail("takes a client.URL, so its path %q cannot have variables", m.Path)
		}
	case isParameters(t):
		b.bindStruct(arg, t)
		return true
	case variable >= 0:
		b.bindVariable(&p, t, variable)
	case b.hasBody:
		b.fail("takes more arguments than its path %q has variables and a body", m.Path)
		return false
	case !takesBody(m.Verb):
		b.fail("takes an argument of type %s that is no variable of its path %q, and %s has no body", t, m.Path, m.Verb)
		return false
	default:
		b.bindBody(&p, t)
	}
	b.add(p)
	return true
}

// isForm reports whether url.Values are the method's body.
func (b *binder) isForm() bool {
	return message.MediaType(b.method.ContentType) == message.FormMediaType
}

func (b *binder) bindBody(p *Parameter, t reflect.Type) {
	b.hasBody = true
	p.In = "body"
	b.method.encodesBody = t != reflect.TypeFor[[]byte]() && !t.Implements(readerType)
	if unsupported := unsupportedBody(t); unsupported != "" {
		b.fail("sends a body of type %s: %s", t, unsupported)
	}
}

func (b *binder) bindVariable(p *Parameter, t reflect.Type, variable int) {
	m := b.method
	b.isBound[variable] = true
	p.Name, p.variable, p.In = m.template.Names[variable], variable, "path"
	if m.template.InQuery(variable) {
		p.In = "query"
	}
	p.format = formatterOf(t)
	switch {
	case p.format == nil:
		b.fail("gives {%s} an argument of type %s, which has no form in a URL: take a string, a number, a bool, a slice or map of these, or a type with MarshalText or String", p.Name, t)
	case isComposite(t) && m.template.HasPrefix(variable):
		b.fail("gives {%s} a %s, of which there is no prefix: drop the length in the path %q", p.Name, t, m.Path)
	}
}

func takesBody(verb string) bool {
	return verb == http.MethodPost || verb == http.MethodPut || verb == http.MethodPatch
}
