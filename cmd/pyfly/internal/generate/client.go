// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// client is an interface that is declared a client.
type client struct {
	name     string
	pos      token.Pos // of the directive, or else of the name
	named    *types.Named
	comment  []string
	methods  []*method
	declared *declaration.Client
}

// method is one of its methods.
type method struct {
	name      string
	pos       token.Pos // of the directive, or else of the name
	params    map[string]token.Pos
	comment   []string
	signature *types.Signature
	isWrong   bool // the signature has a type that does not exist
	declared  *declaration.Method
}

// directive returns the method's directive without its beginning.
func (m *method) directive() string {
	for _, line := range m.comment {
		if _, ok, _ := declaration.ParseDirective(line); ok {
			return strings.TrimRight(strings.TrimPrefix(line, "//pyfly:"), " \t\r")
		}
	}
	return ""
}

// reserved are names of methods that generated implementations need themselves.
var reserved = []string{"PyflyStub", "PyflyFallback", "HttpClient", "ServiceClient"}

// collector finds the clients of a program and what is wrong with them.
type collector struct {
	*program
	types    model
	mistakes Mistakes
	used     map[token.Pos]bool // directives that belong to an interface
}

func (c *collector) fail(pos token.Pos, what string) {
	c.mistakes = append(c.mistakes, Mistake{c.fset.Position(pos), what})
}

// clientsOf returns the clients of a file.
func (c *collector) clientsOf(s *source) (clients []*client) {
	for _, decl := range s.file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.TypeSpec)
			syntax, ok := spec.Type.(*ast.InterfaceType)
			if !ok {
				continue
			}
			marker := c.directives(commentOf(decl, spec))
			for _, f := range syntax.Methods.List {
				c.directives(f.Doc)
			}
			if len(marker) == 0 {
				continue
			}
			if cl := c.client(s, spec, marker); cl != nil {
				clients = append(clients, cl)
			}
		}
	}
	c.refuseUnused(s)
	return clients
}

// refuseUnused refuses directives that are at no interface.
func (c *collector) refuseUnused(s *source) {
	for _, group := range s.file.Comments {
		for _, line := range group.List {
			if d, ok, err := declaration.ParseDirective(line.Text); ok && !c.used[line.Pos()] && (err == nil || strings.HasPrefix(line.Text, "//pyfly:")) {
				what := "a verb belongs above a method of an interface"
				if d.IsMarker() {
					what = "it belongs above an interface, without an empty line between"
				}
				c.fail(line.Pos(), "the directive //pyfly:"+d.Name+" declares nothing: "+what)
			}
		}
	}
}

// commentOf returns the comment of a type.
func commentOf(decl *ast.GenDecl, spec *ast.TypeSpec) *ast.CommentGroup {
	if spec.Doc == nil && !decl.Lparen.IsValid() {
		return decl.Doc
	}
	return spec.Doc
}

// directives returns those of a comment.
func (c *collector) directives(group *ast.CommentGroup) (found []*ast.Comment) {
	if group == nil {
		return nil
	}
	for _, line := range group.List {
		if _, ok, _ := declaration.ParseDirective(line.Text); ok {
			c.used[line.Pos()] = true
			found = append(found, line)
		}
	}
	return found
}

func lines(comments []*ast.Comment) (texts []string) {
	for _, line := range comments {
		texts = append(texts, line.Text)
	}
	return texts
}

func (c *collector) client(s *source, spec *ast.TypeSpec, marker []*ast.Comment) *client {
	obj, ok := s.pkg.TypesInfo.Defs[spec.Name].(*types.TypeName)
	if !ok {
		return nil
	}
	named, ok := types.Unalias(obj.Type()).(*types.Named)
	switch {
	case !ok || obj.IsAlias():
		c.fail(spec.Name.Pos(), spec.Name.Name+": an alias cannot be a client: define a type")
		return nil
	case !obj.Exported():
		c.fail(spec.Name.Pos(), spec.Name.Name+": an unexported interface cannot be a client: export it")
		return nil
	}
	cl := &client{name: obj.Name(), pos: marker[0].Pos(), named: named, comment: lines(marker)}
	before := len(c.mistakes)
	c.addMethods(cl, s.pkg, named, spec)
	c.checkNames(cl, s.pkg.Types)
	cl.declared = c.declare(cl)
	if len(c.mistakes) > before {
		return nil
	}
	return cl
}

// checkNames refuses names that would collide in what is generated.
func (c *collector) checkNames(cl *client, pkg *types.Package) {
	for _, name := range generatedNames(cl.name) {
		if other := pkg.Scope().Lookup(name); other != nil {
			c.fail(other.Pos(), cl.name+": "+name+" is generated for it and is declared here, too: rename one of them")
		}
	}
	for _, m := range cl.methods {
		switch {
		case slices.Contains(reserved, m.name):
			c.fail(m.pos, cl.name+"."+m.name+": the generated implementation needs the name itself: rename the method")
		case !token.IsExported(m.name):
			c.fail(m.pos, cl.name+"."+m.name+": an unexported method cannot be declared: export it")
		}
	}
}

// generatedNames are the names that are generated for an interface.
func generatedNames(name string) []string {
	return []string{implementationOf(name), "Register" + name, "New" + name + "Stub", "Describe" + name, "Fake" + name}
}

// implementationOf is the name of the implementation of an interface: lower camel
// case, so that bean and client are named after the interface.
func implementationOf(name string) string { return naming.Camel(nil, name) }

// addMethods adds the methods of an interface in the order of their declaration,
// with those of the interfaces that it embeds.
func (c *collector) addMethods(cl *client, pkg *packages.Package, of types.Type, spec *ast.TypeSpec) {
	underlying, ok := of.Underlying().(*types.Interface)
	syntax, isSyntax := spec.Type.(*ast.InterfaceType)
	if !ok || !isSyntax {
		c.fail(cl.pos, cl.name+": it embeds "+shortString(of)+", of which the methods cannot be read: embed an interface that declares them")
		return
	}
	for _, f := range syntax.Methods.List {
		if len(f.Names) == 0 {
			continue
		}
		for _, name := range f.Names {
			if slices.ContainsFunc(cl.methods, func(m *method) bool { return m.name == name.Name }) {
				continue // declared twice, the same
			}
			if fn := methodOf(underlying, name.Name); fn != nil {
				cl.methods = append(cl.methods, c.method(cl, pkg, f, name, fn))
			}
		}
	}
	for embedded := range underlying.EmbeddedTypes() {
		named, ok := types.Unalias(embedded).(*types.Named)
		if !ok || named.Obj().Pkg() == nil {
			c.fail(cl.pos, cl.name+": it embeds "+shortString(embedded)+", which is no interface that declares methods of a client: remove it")
			continue
		}
		_, spec, err := c.declarationOf(named.Obj())
		if err != nil {
			c.fail(cl.pos, cl.name+": the interface "+shortString(named)+" that it embeds cannot be read: "+err.Error())
			continue
		}
		c.addMethods(cl, pkg, named, spec)
	}
}

func methodOf(t *types.Interface, name string) *types.Func {
	for fn := range t.Methods() {
		if fn.Name() == name {
			return fn
		}
	}
	return nil
}

func (c *collector) method(cl *client, pkg *packages.Package, f *ast.Field, name *ast.Ident, fn *types.Func) *method {
	comments := c.directives(f.Doc)
	m := &method{name: name.Name, pos: name.Pos(), params: map[string]token.Pos{}, comment: lines(comments), signature: fn.Signature()}
	if len(comments) > 0 {
		m.pos = comments[0].Pos()
	}
	if syntax, ok := f.Type.(*ast.FuncType); ok {
		for _, p := range syntax.Params.List {
			for _, name := range p.Names {
				m.params[name.Name] = name.Pos()
			}
		}
	}
	for _, tuple := range []*types.Tuple{m.signature.Params(), m.signature.Results()} {
		for v := range tuple.Variables() {
			m.isWrong = m.isWrong || isInvalid(v.Type(), 0)
		}
	}
	if m.isWrong {
		c.failType(cl.name+"."+m.name, pkg, f)
	}
	return m
}

// failType says what is wrong with the types of a method.
func (c *collector) failType(where string, pkg *packages.Package, f *ast.Field) {
	for _, e := range pkg.TypeErrors {
		if f.Pos() <= e.Pos && e.Pos < f.End() {
			c.fail(e.Pos, where+": "+e.Msg)
			return
		}
	}
	c.fail(f.Pos(), where+": one of its types is not right itself: go vet says more")
}

// isInvalid reports whether a type has a part that could not be checked.
func isInvalid(t types.Type, depth int) bool {
	if depth > 8 {
		return false
	}
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Pointer:
		return isInvalid(t.Elem(), depth+1)
	case *types.Slice:
		return isInvalid(t.Elem(), depth+1)
	case *types.Array:
		return isInvalid(t.Elem(), depth+1)
	case *types.Map:
		return isInvalid(t.Key(), depth+1) || isInvalid(t.Elem(), depth+1)
	case *types.Named:
		for argument := range t.TypeArgs().Types() {
			if isInvalid(argument, depth+1) {
				return true
			}
		}
		basic, ok := t.Underlying().(*types.Basic)
		return ok && basic.Kind() == types.Invalid
	}
	return false
}

// declare lets the rules read a client, and notes what is wrong with it.
func (c *collector) declare(cl *client) *declaration.Client {
	i := &declaration.Interface{Type: cl.name, Name: naming.Kebab(nil, cl.name), Comment: cl.comment}
	for _, m := range cl.methods {
		if m.isWrong {
			continue
		}
		i.Methods = append(i.Methods, declaration.InterfaceMethod{Name: m.name, Comment: m.comment, Func: c.types.function(m.signature)})
	}
	declared := declaration.OfInterface(i)
	for _, p := range declared.Problems {
		c.fail(cl.positionOf(p), p.Error())
	}
	for _, m := range cl.methods {
		for _, d := range declared.Methods {
			if d.Name == m.name {
				m.declared = d
			}
		}
	}
	return declared
}

// positionOf is where a mistake is to be corrected.
func (cl *client) positionOf(p declaration.Problem) token.Pos {
	for _, m := range cl.methods {
		if m.name != p.Field {
			continue
		}
		if pos, ok := m.params[p.Param]; ok {
			return pos
		}
		return m.pos
	}
	return cl.pos
}
