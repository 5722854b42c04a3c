// SPDX-License-Identifier: Apache-2.0

// Package deadcode_test checks that the linker leaves out the methods that a
// program does not use. One reachable call of reflect.Type.Method or
// reflect.Value.Method, or of MethodByName with a name that is not constant,
// makes it keep every exported method of the whole program.
package deadcode_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const program = "./testdata/hello"

func TestLinkerLeavesOutUnusedMethods(t *testing.T) {
	const used, unused = "PostConstruct", "NobodyCalls"
	source, err := os.ReadFile(filepath.Join(program, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{used, unused} {
		if !strings.Contains(string(source), "func (g *greeter) "+method+"(") {
			t.Fatalf("%s does not declare the method %s", program, method)
		}
	}
	dependOnSources(t)
	binary := filepath.Join(t.TempDir(), "hello")
	run(t, "build", "-o", binary, program)
	symbols := run(t, "tool", "nm", binary)
	if !strings.Contains(symbols, "main.(*greeter)."+used) {
		t.Fatalf("the binary does not contain the method %s, which the context calls", used)
	}
	if strings.Contains(symbols, "main.(*greeter)."+unused) {
		t.Errorf("the binary contains the method %s, which nothing calls; the linker keeps all exported methods because of\n  %s",
			unused, strings.Join(reflectionOverMethods(t), "\n  "))
	}
}

// dependOnSources makes a cached result of the test stale when the program
// changes: go test looks again at the files that a test has looked at.
func dependOnSources(t *testing.T) {
	const files = `{{with .Module}}{{if .Main}}{{.GoMod}}{{"\n"}}{{range $.GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`
	for file := range strings.Lines(run(t, "list", "-deps", "-f", files, program)) {
		if file = strings.TrimSpace(file); file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
}

// reflectionOverMethods returns the functions that make the linker keep all
// methods.
func reflectionOverMethods(t *testing.T) []string {
	dependencies := run(t, "build", "-o", filepath.Join(t.TempDir(), "hello"), "-ldflags=-dumpdep", program)
	var functions []string
	for _, match := range regexp.MustCompile(`(?m)-> (.+?) <.*ReflectMethod>$`).FindAllStringSubmatch(dependencies, -1) {
		if function := match[1]; !strings.HasPrefix(function, "reflect.") { // those are kept as a consequence
			functions = append(functions, function)
		}
	}
	slices.Sort(functions)
	return slices.Compact(functions)
}

// run runs the go command and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
