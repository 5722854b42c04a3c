// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// source is one file in which clients may be declared.
type source struct {
	path string
	file *ast.File
	pkg  *packages.Package
}

// program is what has been loaded.
type program struct {
	fset    *token.FileSet
	sources []*source
	old     []string // output of earlier runs
	parsed  map[string]*ast.File
}

// load loads the packages that patterns name, with their tests, as if nothing had
// been generated. Type errors are none of load's.
func load(dir string, patterns []string) (*program, error) {
	listed, err := packages.Load(&packages.Config{Dir: dir, Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles, Tests: true}, patterns...)
	if err != nil {
		return nil, err
	}
	p := &program{fset: token.NewFileSet(), parsed: map[string]*ast.File{}}
	overlay := map[string][]byte{}
	var errs []error
	for _, pkg := range listed {
		for _, e := range pkg.Errors {
			if e.Kind == packages.ListError {
				errs = append(errs, e)
			}
		}
		for _, path := range slices.Concat(pkg.GoFiles, pkg.IgnoredFiles) {
			if _, known := overlay[path]; known || !isOutput(path) {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			p.old = append(p.old, path)
			overlay[path] = emptied(path, content)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	loaded, err := packages.Load(&packages.Config{
		Dir: dir, Mode: packages.LoadAllSyntax, Tests: true, Fset: p.fset, Overlay: overlay,
		ParseFile: func(fset *token.FileSet, path string, content []byte) (*ast.File, error) {
			return parser.ParseFile(fset, path, content, parser.ParseComments|parser.SkipObjectResolution)
		},
	}, patterns...)
	if err != nil {
		return nil, err
	}
	return p, p.take(loaded)
}

// emptied is a generated file without what was generated.
func emptied(path string, content []byte) []byte {
	file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil || file.Name == nil {
		return []byte("package " + filepath.Base(filepath.Dir(path)) + "\n")
	}
	empty := "package " + file.Name.Name + "\n"
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:build ") {
				empty = c.Text + "\n\n" + empty
			}
		}
	}
	return []byte(empty)
}

// take takes the files of packages, each once: those of a package before those of
// the same package with its tests.
func (p *program) take(loaded []*packages.Package) error {
	seen := map[string]bool{}
	var errs []error
	slices.SortStableFunc(loaded, func(a, b *packages.Package) int { return len(a.ID) - len(b.ID) })
	for _, pkg := range loaded {
		for _, e := range pkg.Errors {
			if e.Kind == packages.ParseError {
				errs = append(errs, e)
			}
		}
		for _, file := range pkg.Syntax {
			path := p.fset.Position(file.FileStart).Filename
			if seen[path] || isOutput(path) || strings.HasSuffix(pkg.PkgPath, ".test") {
				continue
			}
			seen[path] = true
			p.parsed[path] = file
			p.sources = append(p.sources, &source{path, file, pkg})
		}
	}
	slices.SortFunc(p.sources, func(a, b *source) int { return strings.Compare(a.path, b.path) })
	return errors.Join(errs...)
}

// declarationOf returns the syntax of a type, read from the file that declares it.
func (p *program) declarationOf(obj types.Object) (*ast.GenDecl, *ast.TypeSpec, error) {
	position := p.fset.Position(obj.Pos())
	file := p.parsed[position.Filename]
	if file == nil {
		var err error
		if file, err = parser.ParseFile(p.fset, position.Filename, nil, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return nil, nil, err
		}
		p.parsed[position.Filename] = file
	}
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.GenDecl); ok {
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == obj.Name() {
					return decl, spec, nil
				}
			}
		}
	}
	return nil, nil, fmt.Errorf("%s is not found in %s", obj.Name(), position.Filename)
}
