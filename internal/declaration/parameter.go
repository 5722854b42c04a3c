// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"net/http"
	"slices"
	"strings"
)

// Parameter is one argument of a method, or one field of a struct that is an
// argument.
type Parameter struct {
	Name string // the template's variable, the tag's name; "" for body, headers and further queries
	In   string // "path", "query", "header", "cookie", "form", "body" or "url"
	Type *Type

	Arg      int    // of the arguments after ctx
	Index    []int  // of the field, nil for the argument itself
	IsText   bool   // it is written as text; else it is a body, a link, a file, or headers and queries as a whole
	Variable int    // index into the template's variables, or -1
	Omit     bool   // the zero value is left out
	Default  string // sent for the zero value
	Layout   string // of a time
}

// arguments are the parameters of a method after ctx, without call options.
func (m *Method) arguments() []Param {
	arguments := m.Func.Params[1:]
	if m.Func.Variadic {
		arguments = arguments[:len(arguments)-1]
	}
	return arguments
}

// readParameters binds the arguments after ctx: a struct by the tags of its
// fields; else to the template's variables in order, by their type to headers
// and further queries, and one more to the body.
func (c *Client) readParameters(m *Method) {
	b := &binder{client: c, method: m, isBound: make([]bool, len(m.Template.Names)), special: map[Role]bool{}}
	if m.isNamed {
		b.bindNamed(m.arguments())
	} else {
		for i, p := range m.arguments() {
			if !b.bind(i, p.Type) {
				return
			}
		}
	}
	for i, name := range m.Template.Names {
		switch {
		case b.isBound[i]:
		case m.isNamed:
			b.fail("the path %q has a variable {%s} that no parameter fits%s", m.Path, name, b.nearestParameter(name, m.arguments()))
		default:
			b.fail("the path %q has a variable {%s} that no argument gives", m.Path, name)
		}
	}
}

// binder gives each argument of a method its place in a request.
type binder struct {
	client  *Client
	method  *Method
	isBound []bool // by variable of the template
	special map[Role]bool
	hasBody bool
	fits    map[string]int // by name of a parameter, the variable that it fits
	param   string         // the name of the parameter that is being bound
}

func (b *binder) fail(format string, args ...any) {
	b.client.fail(b.method.Field, format, args...)
	b.client.Problems[len(b.client.Problems)-1].Param = b.param
}

func (b *binder) add(p Parameter) { b.method.Parameters = append(b.method.Parameters, p) }

// bind is false when to go on would only add to the confusion.
func (b *binder) bind(arg int, t *Type) bool {
	m := b.method
	p := Parameter{Type: t, Arg: arg, Variable: -1}
	variable := slices.Index(b.isBound, false)
	switch {
	case b.bindSpecial(&p, t):
	case b.refuseOptions(t):
		return false
	case isParameters(t):
		b.bindStruct(arg, t)
		return true
	case b.hasMisspeltPlaces(t):
		return false
	case variable >= 0:
		b.bindVariable(&p, variable)
	case b.hasBody:
		b.fail("takes more arguments than its path %q has variables and a body", m.Path)
		return false
	case !takesBody(m.Verb):
		hint := ""
		if m.Verb == http.MethodDelete {
			hint = "; to send one, take a struct with a field tagged `body:\"\"`"
		}
		b.fail("takes an argument of type %s that is no variable of its path %q, and %s has no body%s", t.String, m.Path, m.Verb, hint)
		return false
	default:
		b.bindBody(&p)
	}
	b.add(p)
	return true
}

// refuseOptions refuses options that are not the variadic parameter.
func (b *binder) refuseOptions(t *Type) bool {
	if t.Role != CallOption && !t.isCallOptions() {
		return false
	}
	b.fail("takes a %s: make it ...client.CallOption, the last parameter", t.String)
	return true
}

// bindSpecial binds an argument whose type says what it is.
func (b *binder) bindSpecial(p *Parameter, t *Type) bool {
	switch {
	case t.Role == Header:
		p.In = "header"
	case t.Role == Values && !b.isForm():
		p.In = "query"
	case t.Role == Link:
		p.In = "url"
		b.bindLink()
	default:
		return false
	}
	if b.special[t.Role] {
		b.fail("takes two arguments of type %s: take one", t.String)
	}
	b.special[t.Role] = true
	return true
}

// bindLink binds all variables: a link takes the place of the path.
func (b *binder) bindLink() {
	for i := range b.isBound {
		b.isBound[i] = true
	}
	if len(b.isBound) > 0 {
		b.fail("takes a client.URL, so its path %q cannot have variables", b.method.Path)
	}
}

// isForm reports whether url.Values are the method's body.
func (b *binder) isForm() bool {
	mediaType, _, _ := strings.Cut(b.method.ContentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}

func (b *binder) bindBody(p *Parameter) {
	t := p.Type
	b.hasBody, b.method.hasBody = true, true
	p.In = "body"
	b.method.EncodesBody = !t.isBytes() && !t.IsReader
	if unsupported := unsupportedBody(t); unsupported != "" {
		b.fail("sends a body of type %s: %s", t.String, unsupported)
	}
}

func (b *binder) bindVariable(p *Parameter, variable int) {
	m, t := b.method, p.Type
	if slices.ContainsFunc(m.Parameters, func(p Parameter) bool { return p.Variable == variable }) {
		b.fail("gives {%s} twice", m.Template.Names[variable])
	}
	b.isBound[variable] = true
	p.Name, p.Variable, p.In, p.IsText = m.Template.Names[variable], variable, "path", true
	if m.Template.InQuery[variable] {
		p.In = "query"
	}
	switch {
	case !t.HasText():
		b.fail("gives {%s} an argument of type %s, which has no form in a URL: take a string, a number, a bool, a slice or map of these, or a type with MarshalText or String", p.Name, t.String)
	case t.isComposite() && m.Template.hasPrefix(variable):
		b.fail("gives {%s} a %s, of which there is no prefix: drop the length in the path %q", p.Name, t.String, m.Path)
	}
}
