// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"fmt"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// imports are those of a generated file.
type imports struct {
	pkg    *types.Package    // that the file belongs to
	names  map[string]string // by path
	isName map[string]bool
}

func newImports(pkg *types.Package) *imports {
	return &imports{pkg, map[string]string{}, map[string]bool{}}
}

// name returns the name by which a package is known in the file, "" for the file's
// own.
func (im *imports) name(importPath, name string) string {
	if importPath == im.pkg.Path() {
		return ""
	}
	if known, ok := im.names[importPath]; ok {
		return known
	}
	for im.isName[name] || im.pkg.Scope().Lookup(name) != nil {
		name += "_"
	}
	im.names[importPath], im.isName[name] = name, true
	return name
}

func (im *imports) qualifier(p *types.Package) string { return im.name(p.Path(), p.Name()) }

func (im *imports) typeString(t types.Type) string { return types.TypeString(t, im.qualifier) }

func (im *imports) client() string  { return im.name(clientPath, "client") }
func (im *imports) codegen() string { return im.name(codegenPath, "codegen") }
func (im *imports) context() string { return im.name("context", "context") }
func (im *imports) container() string {
	return im.name("github.com/pyfly-go/pyfly/container", "container")
}

// source returns the import declaration.
func (im *imports) source() string {
	var standard, others []string
	for _, p := range slices.Sorted(maps.Keys(im.names)) {
		line := fmt.Sprintf("\t%q\n", p)
		if name := im.names[p]; name != path.Base(p) {
			line = fmt.Sprintf("\t%s %q\n", name, p)
		}
		if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			standard = append(standard, line)
		}
	}
	separator := ""
	if len(standard) > 0 && len(others) > 0 {
		separator = "\n"
	}
	return "import (\n" + strings.Join(standard, "") + separator + strings.Join(others, "") + ")\n"
}
