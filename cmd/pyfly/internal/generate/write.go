// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"bytes"
	"fmt"
	"go/format"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// writer writes what is generated for the clients of one file.
type writer struct {
	*imports
	out bytes.Buffer
}

func (w *writer) print(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

// fileOf returns the generated file, without its header.
func fileOf(s *source, clients []*client) ([]byte, error) {
	w := &writer{imports: newImports(s.pkg.Types)}
	version := w.codegen() + ".Version1"
	for range 2 { // the first time finds out which packages are imported, whose names parameters must not have
		w.out.Reset()
		for _, c := range clients {
			w.client(c)
		}
	}
	var file bytes.Buffer
	fmt.Fprintf(&file, "package %s\n\n%s\nconst _ = %s\n%s", s.pkg.Types.Name(), w.source(), version, w.out.Bytes())
	return format.Source(file.Bytes())
}

// generic is how the type parameters of a client are written.
type generic struct{ declared, used string }

func (w *writer) genericOf(c *client) (g generic) {
	var declared, used []string
	for p := range c.named.TypeParams().TypeParams() {
		declared = append(declared, p.Obj().Name()+" "+w.typeString(p.Constraint()))
		used = append(used, p.Obj().Name())
	}
	if len(used) > 0 {
		g.declared, g.used = "["+strings.Join(declared, ", ")+"]", "["+strings.Join(used, ", ")+"]"
	}
	return g
}

func (w *writer) client(c *client) {
	g, name, implementation := w.genericOf(c), c.name, implementationOf(c.name)
	w.implementation(c, g)
	for i, m := range c.methods {
		w.method(c, g, i, newSignature(w, m))
	}
	w.stub(c, g)
	w.print("\n// Register%s registers a client of type [%s] as a bean. See [%s.Register].\n", name, name, w.imports.client())
	w.print("func Register%s%s(app *%s.ApplicationContext, opts ...%s.BeanOption) {\n", name, g.declared, w.container(), w.container())
	w.print("%s.Register[%s%s, %s%s](app, opts...)\n}\n", w.codegen(), name, g.used, implementation, g.used)
	w.print("\n// New%sStub returns a client every method of which returns a kernel.NotWiredError\n// until HttpClientBeanPostProcessor wires it.\n", name)
	w.print("func New%sStub%s() %s%s { return %s.NewStub[%s%s]() }\n", name, g.declared, name, g.used, w.imports.client(), implementation, g.used)
	w.print("\n// Describe%s returns what [%s] declares.\n", name, name)
	w.print("func Describe%s%s() %s.Declaration { return %s.Describe[%s%s]() }\n", name, g.declared, w.imports.client(), w.imports.client(), implementation, g.used)
	w.fake(c, g)
}

// implementation writes the type that implements the interface.
func (w *writer) implementation(c *client, g generic) {
	marker := "HttpClient"
	if c.declared.IsService {
		marker = "ServiceClient"
	}
	w.print("\n// %s implements [%s].\ntype %s%s struct {\n", implementationOf(c.name), c.name, implementationOf(c.name), g.declared)
	w.print("%s.%s%s\n\n", w.imports.client(), marker, tagOf(c.declared.Tags))
	w.print("stub %s.Stub\nfallback *Fake%s%s // nil: none\n}\n", w.codegen(), c.name, g.used)
}

// tagOf writes the directive of a client as a struct tag.
func tagOf(tags []declaration.Tag) string {
	if len(tags) == 0 {
		return ""
	}
	pairs := make([]string, len(tags))
	for i, tag := range tags {
		pairs[i] = tag.Key + ":" + strconv.Quote(tag.Value)
	}
	return " " + literal(strings.Join(pairs, " "))
}

// literal writes a string, if it can be in backquotes.
func literal(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// stub writes the method by which the implementation is wired.
func (w *writer) stub(c *client, g generic) {
	w.print("\n// PyflyStub is for the wiring of the client.\n")
	w.print("func (c *%s%s) PyflyStub() (*%s.Stub, %s.Declaration) {\n", implementationOf(c.name), g.used, w.codegen(), w.codegen())
	w.print("return &c.stub, %s.Declare[%s%s](\n", w.codegen(), c.name, g.used)
	for _, m := range c.methods {
		var names []string
		for p := range m.signature.Params().Variables() {
			names = append(names, strconv.Quote(p.Name()))
		}
		w.print("%s.Method{Name: %q, Directive: %s, Parameters: []string{%s}, Func: %s%s.%s},\n",
			w.codegen(), m.name, literal(m.directive()), strings.Join(names, ", "), c.name, g.used, m.name)
	}
	w.print(")\n}\n")
}

// signature is the signature of a method as it is written.
type signature struct {
	*method
	names      []string // of the parameters
	parameters string   // with types
	results    string
	result     string // the type of the value or element, "" if there is none
	isSequence bool
}

func newSignature(w *writer, m *method) *signature {
	s := &signature{method: m}
	var parameters, results []string
	params := m.signature.Params()
	for i := range params.Len() {
		name := params.At(i).Name()
		if name == "" || name == "_" {
			name = "ctx" // others must have names
		}
		s.names = append(s.names, s.free(w, name))
		typ := w.typeString(params.At(i).Type())
		if m.signature.Variadic() && i == params.Len()-1 {
			typ = "..." + strings.TrimPrefix(typ, "[]")
		}
		parameters = append(parameters, s.names[i]+" "+typ)
	}
	for r := range m.signature.Results().Variables() {
		results = append(results, w.typeString(r.Type()))
	}
	s.parameters, s.results = strings.Join(parameters, ", "), strings.Join(results, ", ")
	if element := elementOf(m.signature); element != nil {
		s.result, s.isSequence = w.typeString(element), true
	} else if len(results) == 2 {
		s.result, s.results = results[0], "("+s.results+")"
	}
	return s
}

// free returns a name for a parameter that hides nothing that a method needs.
func (s *signature) free(w *writer, name string) string {
	own := []string{"c", "d", "f", "result", "err"}
	for slices.Contains(own, name) || slices.Contains(s.names, name) || w.isName[name] ||
		w.pkg.Scope().Lookup(name) != nil || types.Universe.Lookup(name) != nil {
		name += "_"
	}
	return name
}

// elementOf returns the T of a method that returns an iter.Seq2[T, error], or nil.
func elementOf(s *types.Signature) types.Type {
	if s.Results().Len() != 1 {
		return nil
	}
	sequence, ok := s.Results().At(0).Type().Underlying().(*types.Signature)
	if !ok {
		return nil
	}
	yield := sequence.Params().At(0).Type().Underlying().(*types.Signature)
	return yield.Params().At(0).Type()
}

// arguments are the arguments of a call of a function with the same signature.
func (s *signature) arguments() string {
	arguments := strings.Join(s.names, ", ")
	if s.signature.Variadic() {
		arguments += "..."
	}
	return arguments
}

// method writes a method of the implementation.
func (w *writer) method(c *client, g generic, index int, s *signature) {
	ctx, codegen := s.names[0], w.codegen()
	w.print("\n// %s implements [%s].\nfunc (c *%s%s) %s(%s) %s {\n", s.name, c.name, implementationOf(c.name), g.used, s.name, s.parameters, s.results)
	call := fmt.Sprintf("(%s, &c.stub, %d, %s)\n", ctx, index, w.fill(s))
	field := "c.fallback." + s.name + "Func"
	switch {
	case s.isSequence:
		w.print("return %s.Sequence[%s]%s}\n", codegen, s.result, call)
		return
	case s.result == "":
		w.print("err := %s.Do%s", codegen, call)
		w.print("if err == nil || c.fallback == nil || %s == nil {\nreturn err\n}\n", field)
		w.print("return %s.FallbackError(%s, err, func(%s %s.Context) error {\nreturn %s(%s)\n})\n}\n",
			codegen, ctx, ctx, w.context(), field, s.arguments())
		return
	}
	w.print("result, err := %s.%s%s", codegen, w.callOf(s), call)
	w.print("if err == nil || c.fallback == nil || %s == nil {\nreturn result, err\n}\n", field)
	w.print("return %s.Fallback(%s, result, err, func(%s %s.Context) %s {\nreturn %s(%s)\n})\n}\n",
		codegen, ctx, ctx, w.context(), s.results, field, s.arguments())
}

// callOf is the function that runs a method with a result.
func (w *writer) callOf(s *signature) string {
	switch result := s.declared.Result(); {
	case result.Role == declaration.ReadCloser:
		return "Stream"
	case result.Elem != nil && result.Elem.Role == declaration.HTTPResponse:
		return "Open"
	}
	return "Value[" + s.result + "]"
}

// fake writes the fake of a client.
func (w *writer) fake(c *client, g generic) {
	w.print("\n// Fake%s implements [%s] by functions. Methods without one return a\n// kernel.NotWiredError.\ntype Fake%s%s struct {\n", c.name, c.name, c.name, g.declared)
	signatures := make([]*signature, len(c.methods))
	for i, m := range c.methods {
		signatures[i] = newSignature(w, m)
		w.print("%sFunc func(%s) %s\n", m.name, signatures[i].parameters, signatures[i].results)
	}
	w.print("}\n")
	for _, s := range signatures {
		w.print("\n// %s implements [%s].\nfunc (f *Fake%s%s) %s(%s) %s {\nif f.%sFunc == nil {\nreturn ", s.name, c.name, c.name, g.used, s.name, s.parameters, s.results, s.name)
		switch {
		case s.isSequence:
			w.print("%s.NotWiredSequence[%s]", w.codegen(), s.result)
		case s.result == "":
			w.print("%s.NotWired", w.codegen())
		default:
			w.print("%s.NotWiredValue[%s]", w.codegen(), s.result)
		}
		w.print("(%q, %q)\n}\nreturn f.%sFunc(%s)\n}\n", c.name, s.name, s.name, s.arguments())
	}
	w.print("\n// PyflyFallback is for [%s.Fallback].\nfunc (f *Fake%s%s) PyflyFallback(bean any) (sequences []string, ok bool) {\n", w.imports.client(), c.name, g.used)
	w.print("c, ok := bean.(*%s%s)\nif ok {\nc.fallback = f\n}\n", implementationOf(c.name), g.used)
	for _, s := range signatures {
		if s.isSequence {
			w.print("if f.%sFunc != nil {\nsequences = append(sequences, %q)\n}\n", s.name, s.name)
		}
	}
	w.print("return sequences, ok\n}\n")
}
