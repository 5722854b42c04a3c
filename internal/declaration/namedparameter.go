// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"slices"
	"strings"
)

// bindNamed binds the parameters of a method whose names are known: to the
// template's variables that they fit, to the body, and all others to the query.
func (b *binder) bindNamed(params []Param) {
	b.fitVariables(params)
	isNamed := make([]bool, len(b.method.queryNames))
	for i, p := range params {
		b.param = p.Name
		b.bindNamedParameter(i, p, isNamed)
	}
	b.param = ""
	for i, n := range b.method.queryNames {
		if !isNamed[i] {
			b.fail("query names %s, which no parameter of the query fits%s", n.Name, b.nearestParameter(n.Name, params))
		}
	}
	b.checkQueryNames()
}

// fitVariables finds the parameter of each variable.
func (b *binder) fitVariables(params []Param) {
	b.fits = map[string]int{}
	for variable, name := range b.method.Template.Names {
		for _, p := range params {
			if !Fits(p.Name, name) || b.isSpecial(p.Type) {
				continue
			}
			b.param = p.Name
			switch other, isTaken := b.fits[p.Name]; {
			case isTaken:
				b.fail("the parameter %s fits two variables, {%s} and {%s}: rename one", p.Name, b.method.Template.Names[other], name)
			case b.isBound[variable]:
				b.fail("the parameter %s fits {%s}, and so does another: rename one", p.Name, name)
			default:
				b.fits[p.Name], b.isBound[variable] = variable, true
			}
		}
	}
	b.param = ""
}

// isSpecial reports whether the type of a parameter says what it is, whatever its
// name.
func (b *binder) isSpecial(t *Type) bool {
	return t.Role == Header || t.Role == Values || t.Role == Link || isParameters(t)
}

func (b *binder) bindNamedParameter(arg int, param Param, isNamed []bool) {
	t, name := param.Type, param.Name
	p := Parameter{Type: t, Arg: arg, Variable: -1}
	variable, fits := b.fits[name]
	switch {
	case name == "" || name == "_":
		b.fail("has a parameter of type %s without a name: name it after what it is sent as", t.String)
		return
	case b.refuseOptions(t):
		return
	case name == "body" && t.Role == Values && takesBody(b.method.Verb) && !b.isForm():
		b.fail("has the parameter body of type %s: to send it as the body, tag the method content-type:\"application/x-www-form-urlencoded\"; for the query, give it another name", t.String)
		return
	case b.bindSpecial(&p, t):
	case isParameters(t):
		b.bindStruct(arg, t)
		return
	case fits:
		b.bindVariable(&p, variable)
	case t.Role == Values: // of a form
		b.bindNamedBody(&p, name)
	case name == "body":
		b.bindNamedBody(&p, name)
	case b.hasMisspeltPlaces(t):
		return
	default:
		b.bindQuery(&p, name, isNamed)
	}
	b.add(p)
}

func (b *binder) bindNamedBody(p *Parameter, name string) {
	switch {
	case !takesBody(b.method.Verb):
		b.fail("has the parameter %s, but %s has no body: give the parameter another name, or, for DELETE, take a struct with a field tagged `body:\"\"`", name, b.method.Verb)
	case b.hasBody || b.method.HasForm:
		b.fail("has the parameter %s, but there is a body already", name)
	}
	b.bindBody(p)
}

// bindQuery sends a parameter in the query.
func (b *binder) bindQuery(p *Parameter, name string, isNamed []bool) {
	p.In, p.Name, p.IsText = "query", SnakeCase(name), true
	spelt := ""
	for i, n := range b.method.queryNames {
		switch {
		case !n.names(name):
		case spelt != "":
			b.fail("query names the parameter %s twice, %s and %s: name it once", name, spelt, n.Name)
			isNamed[i] = true
		case isNamed[i]:
			b.fail("query names %s, which two parameters fit: write %s=%s", n.Name, n.Name, name)
		default:
			p.Name, spelt, isNamed[i] = n.Name, n.Name, true
		}
	}
	if p.Type.HasText() {
		return
	}
	remedy := "take a string, a number, a bool, a slice or map of these, or a type with MarshalText or String"
	switch isStruct := p.Type.target().Kind == reflect.Struct; {
	case takesBody(b.method.Verb) && !b.hasBody:
		remedy = "name it body to send it as the body"
	case isStruct:
		remedy = "tag its fields with where they go, such as `query:\"page\"`"
	}
	b.fail("has the parameter %s of type %s, which cannot be sent in the query: %s", name, p.Type.String, remedy)
}

// checkQueryNames refuses two parameters that would be sent under one name.
func (b *binder) checkQueryNames() {
	seen := map[string]bool{}
	for _, p := range b.method.Parameters {
		if p.In != "query" || p.Name == "" || p.Index != nil || p.Variable >= 0 {
			continue
		}
		if seen[p.Name] || slices.Contains(b.method.Template.Names, p.Name) {
			b.fail("sends two parameters as %s: name one of them with query:\"name=parameter\"", p.Name)
		}
		seen[p.Name] = true
	}
}

// nearestParameter suggests the parameter that a name is meant to fit.
func (b *binder) nearestParameter(name string, params []Param) string {
	var names []string
	for _, p := range params {
		if _, fits := b.fits[p.Name]; !fits && p.Name != "body" && !b.isSpecial(p.Type) {
			names = append(names, p.Name)
		}
	}
	return didYouMean(strings.ToLower(name), names)
}
