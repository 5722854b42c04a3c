// SPDX-License-Identifier: Apache-2.0

package consumer

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// program is one that uses a published module.
type program struct {
	source string   // its file, below the repository
	runs   bool     // until it is interrupted; the others end
	prints []string // VERSION stands for that of the release
	before []string // commands between go get and go build
}

// programs has one for each published module, by folder.
var programs = map[string]program{
	".":                {source: "docs/snippets/readme/main.go", runs: true, prints: []string{`"version":"VERSION"`, "application context started", "application context stopped"}},
	"actuator":         {source: "tools/consumer/testdata/actuator/main.go", prints: []string{`"pyfly":"VERSION"`}},
	"client/httpcache": {source: "tools/consumer/testdata/httpcache/main.go", prints: []string{"hits: 1 misses: 1"}},
	"cmd/pyfly": {
		source: "tools/consumer/testdata/pyfly/main.go", prints: []string{"sent /echo/hello"},
		before: []string{"go get github.com/pyfly-go/pyfly/client/codegen", "go tool pyfly generate"},
	},
	"client/zstd": {source: "tools/consumer/testdata/zstd/main.go", prints: []string{"accepts zstd", "sends zstd"}},
}

// TestInstall does what the guides say: go get in a module of one's own, then
// build and run.
func TestInstall(t *testing.T) {
	t.Parallel()
	w := published(t)
	lines := w.documented(t)
	for _, m := range w.workspace.Published() {
		program, found := programs[m.Dir]
		if !found {
			t.Errorf("%s: add a program that uses it to programs", m.Dir)
			continue
		}
		if len(lines[m.Path]) == 0 {
			t.Errorf("%s: neither README.md nor docs nor a doc.go says how to go get it", m.Dir)
		}
		for line, where := range lines[m.Path] {
			for name, toolchain := range w.toolchains(t) {
				t.Run(name+"/"+line, func(t *testing.T) {
					t.Parallel()
					w.needs(t, toolchain)
					w.install(t, toolchain, line, program)
					if t.Failed() {
						t.Log("this line is in ", where)
					}
				})
			}
		}
	}
}

func (w *world) install(t *testing.T, toolchain, line string, p program) {
	t.Helper()
	folder := t.TempDir()
	w.run(t, folder, toolchain, "go mod init example.com/shop")
	w.run(t, folder, toolchain, line)
	source, err := os.ReadFile(filepath.Join(string(w.repo), p.source))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), source, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range p.before {
		w.run(t, folder, toolchain, command)
	}
	w.run(t, folder, toolchain, "go build -o shop .")
	var printed string
	if p.runs {
		printed = w.runUntil(t, folder, "application context started")
	} else {
		printed = w.run(t, folder, toolchain, "./shop")
	}
	for _, want := range p.prints {
		if want = strings.ReplaceAll(want, "VERSION", w.workspace.Version); !strings.Contains(printed, want) {
			t.Errorf("it prints no %s:\n%s", want, printed)
		}
	}
}

var (
	goGet    = regexp.MustCompile(`(?m)^(?://)?\s*(go get(?: -tool)?( github\.com/pyfly-go/\S+)+)`)
	ofModule = regexp.MustCompile(`github\.com/pyfly-go/\S+`)
)

// documented returns the go get lines of README.md, the guides and the comments
// of packages, and the files that have them, by the path of the module.
func (w *world) documented(t *testing.T) map[string]map[string][]string {
	t.Helper()
	found := map[string]map[string][]string{}
	for name, text := range w.guides(t) {
		for _, match := range goGet.FindAllStringSubmatch(text, -1) {
			for _, path := range ofModule.FindAllString(match[1], -1) {
				module := w.moduleOf(path)
				if found[module] == nil {
					found[module] = map[string][]string{}
				}
				found[module][match[1]] = append(found[module][match[1]], name)
			}
		}
	}
	return found
}

// moduleOf returns the path of the published module that has a package.
func (w *world) moduleOf(path string) string {
	module := ""
	for _, m := range w.workspace.Published() {
		if strings.HasPrefix(path+"/", m.Path+"/") && len(m.Path) > len(module) {
			module = m.Path
		}
	}
	return module
}

// guides returns the text of the guides, and of the Go files of published
// modules.
func (w *world) guides(t *testing.T) map[string]string {
	t.Helper()
	names, err := w.repo.Git("ls-files", "README.md", "docs/*.md", "examples/*/README.md", "*.go")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "tools/") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(string(w.repo), name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

func TestTheVersionIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	w, err := publish.Open("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(); err != nil {
		t.Error(err)
	}
}

// TestModulesAreTidy also finds what the workspace may hide: a requirement that
// a module has only through another one, or in a version that is too old.
func TestModulesAreTidy(t *testing.T) {
	t.Parallel()
	w := published(t)
	for _, m := range w.workspace.Modules {
		t.Run(m.Dir, func(t *testing.T) {
			t.Parallel()
			if out, err := w.command(t, w.workspace.Folder(m), "local", "go", "mod", "tidy", "-diff"); err != nil {
				t.Errorf("run make tidy: %v\n%s", err, out)
			}
		})
	}
	for _, folder := range []string{"tools", "tools/screenshots"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			if out, err := w.command(t, filepath.Join(string(w.repo), folder), "local", "go", "mod", "tidy", "-diff"); err != nil {
				t.Errorf("run make tidy: %v\n%s", err, out)
			}
		})
	}
}

// What is tested in the workspace must be what users get.
func TestTheWorkspaceHidesNoVersion(t *testing.T) {
	t.Parallel()
	w := published(t)
	for _, m := range w.workspace.Modules {
		hidden, err := w.workspace.Hidden(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range slices.Sorted(maps.Keys(hidden)) {
			t.Errorf("%s requires an older %s than the %s that the workspace uses: run make tidy", m.Dir, path, hidden[path])
		}
	}
}
