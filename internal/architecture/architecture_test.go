// SPDX-License-Identifier: Apache-2.0

// Package architecture_test checks in which direction packages import each other,
// so that each can be read and tested without those that use it.
package architecture_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/pyfly-go/pyfly/"
)

// row is what one package may import beside the standard library: packages of the
// project by their folder, and others by their path, with all that is below it.
type row struct {
	imports []string
	tests   []string // what its tests may import besides
}

// table holds every package of the module. docs and examples use the project as an
// application does and are left out.
var table = map[string]row{
	"kernel":     {},
	"config":     {imports: []string{"kernel", "internal/naming", "internal/placeholder", "internal/secret", "internal/usercode", "github.com/knadh/koanf", "go.yaml.in/yaml/v3"}},
	"lifecycle":  {imports: []string{"kernel", "internal/eventbus", "internal/usercode"}},
	"resilience": {imports: []string{"kernel", "internal/random"}, tests: []string{"config"}},
	"discovery":  {imports: []string{"kernel", "internal/random"}},
	"logging": {
		imports: []string{"config", "internal/secret", "internal/terminal", "internal/usercode", "go.opentelemetry.io/otel/trace"},
		tests:   []string{"kernel"},
	},
	"container": {imports: []string{
		"kernel", "config", "lifecycle", "logging",
		"container/internal/chain", "container/internal/draw", "container/internal/hook", "container/internal/order", "container/internal/phase",
		"container/internal/profile", "container/internal/schedule", "container/internal/similar",
		"internal/beantypes", "internal/eventbus", "internal/goroutines", "internal/naming", "internal/terminal",
		"internal/usercode", "go.uber.org/dig",
	}, tests: []string{"internal/random"}},
	"container/internal/chain":    {},
	"container/internal/draw":     {},
	"container/internal/hook":     {imports: []string{"internal/usercode"}, tests: []string{"kernel"}},
	"container/internal/order":    {},
	"container/internal/phase":    {},
	"container/internal/profile":  {},
	"container/internal/schedule": {},
	"container/internal/similar":  {imports: []string{"internal/naming"}},
	"container/containertest":     {imports: []string{"container", "internal/goroutines"}, tests: []string{"config"}},

	"client/port":             {imports: []string{"kernel"}, tests: []string{"client/clienttest"}},
	"client/internal/coding":  {imports: []string{"internal/usercode", "kernel"}},
	"client/internal/hosts":   {imports: []string{"internal/hostpattern"}},
	"client/internal/nethttp": {imports: []string{"client/port", "client/internal/coding", "client/internal/hosts", "kernel", "internal/drain", "internal/secret", "internal/usercode"}, tests: []string{"client/clienttest"}},
	"client/internal/balance": {imports: []string{"discovery", "kernel", "internal/random"}},
	"client/internal/watcher": {imports: []string{"discovery", "internal/drain", "internal/random", "internal/usercode"}, tests: []string{"kernel"}},
	"client/internal/oauth":   {imports: []string{"client/port", "client/internal/engine", "client/internal/message", "internal/secret", "internal/usercode", "golang.org/x/oauth2"}},
	"client/internal/settings": {
		imports: []string{"config", "discovery", "resilience", "client/port", "client/internal/balance", "kernel", "internal/declaration", "internal/hostpattern", "internal/naming", "internal/secret"},
	},
	"client/internal/message": {imports: []string{"client/port", "client/internal/coding", "client/internal/hosts", "kernel", "internal/declaration", "internal/uritemplate", "internal/usercode"}},
	"client/internal/engine": {imports: []string{
		"client/port", "client/internal/balance", "client/internal/hosts", "client/internal/message", "kernel", "resilience", "internal/drain", "internal/random", "internal/secret", "internal/usercode",
	}},
	"client/internal/shown":    {imports: []string{"client/internal/message", "internal/secret"}},
	"client/internal/argument": {imports: []string{"internal/uritemplate"}},
	"client/internal/frontend": {imports: []string{
		"client/port", "client/internal/coding", "client/internal/engine", "client/internal/message", "kernel", "internal/usercode",
	}},
	"client/codegen": {
		imports: []string{"client", "client/internal/frontend", "client/internal/message", "container", "kernel", "internal/uritemplate"},
		tests:   []string{"client/clienttest", "config"},
	},
	"client/internal/typemodel": {imports: []string{"internal/declaration"}},
	"client/internal/telemetry": {imports: []string{"go.opentelemetry.io/otel"}},
	"client/internal/registry":  {imports: []string{"client/internal/balance", "client/internal/engine", "client/internal/message", "client/internal/watcher", "client/internal/hosts", "client/internal/settings", "discovery", "resilience"}},
	"client": {imports: []string{
		"client/port", "discovery", "client/internal/watcher", "client/internal/balance", "client/internal/argument", "client/internal/coding", "client/internal/hosts", "client/internal/nethttp", "client/internal/oauth", "client/internal/message", "client/internal/engine", "client/internal/registry", "client/internal/settings", "client/internal/shown", "client/internal/telemetry", "client/internal/typemodel", "client/internal/frontend",
		"kernel", "config", "lifecycle", "resilience", "container",
		"internal/declaration", "internal/hostpattern", "internal/naming", "internal/secret", "internal/uritemplate", "internal/usercode",
		"go.opentelemetry.io/otel", "go.uber.org/dig",
	}},
	"client/clienttest": {imports: []string{"client/port", "internal/drain"}, tests: []string{"client", "config", "discovery"}},

	"internal/architecture": {},
	"internal/beantypes":    {},
	"internal/deadcode":     {},
	"internal/declaration":  {imports: []string{"config", "resilience", "internal/naming", "internal/secret", "internal/uritemplate"}},
	"internal/drain":        {},
	"internal/eventbus":     {},
	"internal/goroutines":   {},
	"internal/hostpattern":  {},
	"internal/naming":       {},
	"internal/nettest":      {},
	"internal/placeholder":  {},
	"internal/random":       {},
	"internal/secret":       {imports: []string{"internal/naming", "internal/placeholder", "internal/usercode"}},
	"internal/terminal":     {},
	"internal/uritemplate":  {},
	"internal/usercode":     {imports: []string{"kernel"}},
}

// forTests is what every test may import.
var forTests = []string{"internal/nettest", "go.uber.org/goleak", "github.com/stretchr/testify"}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestPackagesImportInOneDirection(t *testing.T) {
	packages := list(t)
	var existing []string
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		if isApplication(name) {
			continue
		}
		existing = append(existing, name)
		r, ok := table[name]
		if !ok {
			t.Errorf("%s has no row in the table of %s: write what it may import", name, t.Name())
			continue
		}
		for _, violation := range r.violations(name, p) {
			t.Error(violation)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(existing, name) {
			t.Errorf("%s has a row in the table, but there is no such package", name)
		}
	}
}

func isApplication(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "docs" || first == "examples"
}

// violations says which imports of a package run against its row.
func (r row) violations(name string, p goPackage) (all []string) {
	inTests := slices.Concat(r.imports, r.tests, forTests, []string{name})
	for _, imported := range p.Imports {
		if !isAllowed(imported, r.imports) {
			all = append(all, fmt.Sprintf("%s imports %s; it may import: %s", name, imported, strings.Join(r.imports, ", ")))
		}
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if !isAllowed(imported, inTests) {
			all = append(all, fmt.Sprintf("a test of %s imports %s; it may import: %s", name, imported, strings.Join(inTests, ", ")))
		}
	}
	return all
}

func isAllowed(imported string, allowed []string) bool {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // of the standard library
	}
	if name, isOurs := strings.CutPrefix(imported, module); isOurs {
		return slices.Contains(allowed, name)
	}
	return slices.ContainsFunc(allowed, func(path string) bool {
		return imported == path || strings.HasPrefix(imported, path+"/")
	})
}

// list lists the packages of the module.
func list(t *testing.T) (packages []goPackage) {
	t.Helper()
	dependOnSources(t)
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, failure.String())
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// dependOnSources makes a cached result of the test stale when a file changes: go
// test looks again at the folders that a test has looked at.
func dependOnSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheTableForbids(t *testing.T) {
	r := row{imports: []string{"kernel", "internal/secret", "go.uber.org/dig"}, tests: []string{"client/clienttest"}}
	for imported, want := range map[string]int{ // how many of the two: package, test
		"net/http":                   0,
		module + "kernel":            0,
		"go.uber.org/dig":            0,
		"go.uber.org/dig/internal":   0,
		"go.uber.org/digger":         2,
		"go.uber.org/goleak":         1,
		module + "internal/nettest":  1,
		module + "client/clienttest": 1,
		module + "client":            2,
		module + "internal/secrets":  2,
		module + "kernel/sub":        2,
		"example.com/other":          2,
	} {
		p := goPackage{Imports: []string{imported}, TestImports: []string{imported}}
		if got := r.violations("client/internal/room", p); len(got) != want {
			t.Errorf("%s: %q, want %d", imported, got, want)
		}
	}
}
