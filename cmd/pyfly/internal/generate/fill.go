// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// fill writes the function that puts the arguments of a call into a draft.
func (w *writer) fill(s *signature) string {
	var b strings.Builder
	for i := range s.declared.Parameters {
		b.WriteString(w.parameter(s, &s.declared.Parameters[i]))
	}
	if s.signature.Variadic() {
		fmt.Fprintf(&b, "d.Options(%s)\n", s.names[len(s.names)-1])
	}
	if b.Len() == 0 {
		return fmt.Sprintf("func(*%s.Draft) {}", w.codegen())
	}
	return fmt.Sprintf("func(d *%s.Draft) {\n%s}", w.codegen(), b.String())
}

// argument is a parameter, or a field of one, as an expression.
type argument struct {
	expression string
	typ        types.Type
	present    []string // conditions under which it can be read
}

// all joins conditions.
func all(conditions []string) string { return strings.Join(conditions, " && ") }

func (s *signature) argument(p *declaration.Parameter) argument {
	a := argument{expression: s.names[p.Arg+1], typ: s.signature.Params().At(p.Arg + 1).Type()}
	for _, i := range p.Index {
		of := a.typ
		if pointer, ok := of.Underlying().(*types.Pointer); ok {
			a.present = append(a.present, a.expression+" != nil")
			of = pointer.Elem()
		}
		field := of.Underlying().(*types.Struct).Field(i)
		a.expression, a.typ = a.expression+"."+field.Name(), field.Type()
	}
	return a
}

// parameter writes what adds a parameter to a draft.
func (w *writer) parameter(s *signature, p *declaration.Parameter) string {
	a := s.argument(p)
	if !p.IsText {
		return w.whole(p, a)
	}
	set := func(text string) string {
		switch {
		case p.Variable >= 0:
			return fmt.Sprintf("d.Variable(%d, %q, %s)\n", p.Variable, p.Name, text)
		case p.In == "form":
			return fmt.Sprintf("d.Field(%q, %s)\n", p.Name, text)
		}
		return fmt.Sprintf("d.%s(%q, %s)\n", strings.ToUpper(p.In[:1])+p.In[1:], p.Name, text)
	}
	missing := set(w.codegen() + ".Absent()")
	if p.Default != "" {
		missing = set(fmt.Sprintf("%s.String(%q)", w.codegen(), p.Default))
	}
	conditions := a.present
	if p.Default != "" || p.Omit {
		conditions = append(conditions, w.isNotZero(a))
	}
	present := set(w.text(a.expression, a.typ, p.Layout))
	switch {
	case len(conditions) == 0:
		return present
	case p.Default == "" && p.Variable < 0:
		return fmt.Sprintf("if %s {\n%s}\n", all(conditions), present)
	}
	return fmt.Sprintf("if %s {\n%s} else {\n%s}\n", all(conditions), present, missing)
}

// whole writes what adds a parameter that is not one text.
func (w *writer) whole(p *declaration.Parameter, a argument) string {
	conditions, statement := a.present, ""
	unlessNil := func() { conditions = append(conditions, a.expression+" != nil") }
	switch p.In {
	case "url":
		statement = fmt.Sprintf("d.Link(%s)\n", a.expression)
	case "header":
		statement = fmt.Sprintf("d.Headers(%s)\n", a.expression)
	case "query":
		statement = fmt.Sprintf("d.Queries(%s)\n", a.expression)
	case "form":
		files := a.expression
		switch a.typ.Underlying().(type) {
		case *types.Pointer:
			unlessNil()
			files = "*" + files
		case *types.Slice:
			files += "..."
		}
		statement = fmt.Sprintf("d.Files(%q, %s)\n", p.Name, files)
	case "body":
		statement = w.body(a, unlessNil)
	}
	if len(conditions) == 0 {
		return statement
	}
	return fmt.Sprintf("if %s {\n%s}\n", all(conditions), statement)
}

func (w *writer) body(a argument, unlessNil func()) string {
	if _, ok := types.Unalias(a.typ).(*types.TypeParam); ok {
		return fmt.Sprintf("d.AnyBody(%s)\n", a.expression)
	}
	switch u := a.typ.Underlying().(type) {
	case *types.Interface:
		unlessNil()
	case *types.Pointer:
		unlessNil()
		if isString(u.Elem()) {
			return fmt.Sprintf("d.TextBody(string(*%s), %s)\n", a.expression, a.expression)
		}
	case *types.Basic:
		if isString(u) {
			return fmt.Sprintf("d.TextBody(%s, %s)\n", asString(a), a.expression)
		}
	}
	return fmt.Sprintf("d.Body(%s)\n", a.expression)
}

func asString(a argument) string {
	if types.Identical(a.typ, types.Typ[types.String]) {
		return a.expression
	}
	return "string(" + a.expression + ")"
}

func isString(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Kind() == types.String
}

// isNotZero writes the condition that an argument is not the zero value of its type.
func (w *writer) isNotZero(a argument) string {
	unknown := "!" + w.codegen() + ".IsZero(" + a.expression + ")"
	if _, ok := types.Unalias(a.typ).(*types.TypeParam); ok {
		return unknown
	}
	switch u := a.typ.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return a.expression + ` != ""`
		case u.Info()&types.IsBoolean != 0:
			return "bool(" + a.expression + ")"
		}
		return a.expression + " != 0"
	case *types.Struct, *types.Array:
		if types.Comparable(a.typ) {
			return a.expression + " != (" + w.typeString(a.typ) + "{})"
		}
		return unknown
	}
	return a.expression + " != nil"
}

// text writes an argument as a codegen.Text.
func (w *writer) text(expression string, t types.Type, layout string) string {
	codegen := w.codegen()
	if pointer, ok := t.Underlying().(*types.Pointer); ok && layout != "" {
		return fmt.Sprintf("%s.Optional(%s, %s)", codegen, expression, w.textFunc(pointer.Elem(), layout))
	}
	if layout != "" {
		return fmt.Sprintf("%s.Time(%s, %q)", codegen, expression, layout)
	}
	if name := scalarOf(t); name != "" {
		return fmt.Sprintf("%s.%s(%s)", codegen, name, expression)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return fmt.Sprintf("%s.Optional(%s, %s)", codegen, expression, w.textFunc(u.Elem(), ""))
	case *types.Slice:
		return fmt.Sprintf("%s.List(%s, %s)", codegen, expression, w.textFunc(u.Elem(), ""))
	case *types.Array:
		return fmt.Sprintf("%s.List(%s[:], %s)", codegen, expression, w.textFunc(u.Elem(), ""))
	case *types.Map:
		return fmt.Sprintf("%s.Map(%s, %s)", codegen, expression, w.textFunc(u.Elem(), ""))
	}
	return "" // the rules allow no other
}

// textFunc writes a function from a T to a codegen.Text.
func (w *writer) textFunc(t types.Type, layout string) string {
	if name := scalarOf(t); name != "" && layout == "" {
		return w.codegen() + "." + name
	}
	return fmt.Sprintf("func(v %s) %s.Text { return %s }", w.typeString(t), w.codegen(), w.text("v", t, layout))
}

// scalarOf is the function of package codegen that turns a T into one text, or "".
func scalarOf(t types.Type) string {
	_, isPointer := t.Underlying().(*types.Pointer)
	_, isParameter := types.Unalias(t).(*types.TypeParam)
	switch {
	case isParameter:
		return "Scalar"
	case types.Implements(t, textMarshaler) && isPointer:
		return "MarshalPointer"
	case types.Implements(t, textMarshaler):
		return "Marshal"
	case types.Implements(t, stringer) && isPointer:
		return "StringerPointer"
	case types.Implements(t, stringer) && !types.IsInterface(t):
		return "Stringer"
	}
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		return ""
	case basic.Info()&types.IsString != 0:
		return "String"
	case basic.Info()&types.IsBoolean != 0:
		return "Bool"
	case basic.Info()&types.IsUnsigned != 0:
		return "Uint"
	case basic.Info()&types.IsInteger != 0:
		return "Int"
	}
	return "Float"
}
