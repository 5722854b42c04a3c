// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// folder returns a folder with a copy of a file of testdata, in a package of this
// module, so that it can be compiled.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp(".", "testpackage")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// pyfly runs the program.
func pyfly(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, dir, &out, &errs)
	return code, out.String(), errs.String()
}

func goRuns(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		write(t, path, got)
	}
	if want := read(t, path); got != want {
		t.Errorf("%s differs:\n%s", path, got)
	}
}

var packageName = regexp.MustCompile(`testpackage\d+`)

func TestAllMistakesAreFoundAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{"wrong.go": read(t, "testdata/wrong.go.txt")})
	code, stdout, stderr := pyfly(t, dir, "generate")
	if code != exitMistakes || stdout != "" {
		t.Errorf("exit code %d, printed %q", code, stdout)
	}
	golden(t, "wrong.txt", stderr)
	if _, err := os.Stat(filepath.Join(dir, "wrong_pyfly.go")); err == nil {
		t.Error("a file was written")
	}
}

func TestTheGeneratedFile(t *testing.T) {
	dir := folder(t, map[string]string{
		"items.go":     read(t, "testdata/items.go.txt"),
		"run_test.go":  read(t, "testdata/run_test.go.txt"),
		"base/base.go": read(t, "testdata/base.go.txt"),
	})
	content := strings.ReplaceAll(read(t, filepath.Join(dir, "items.go")), "MODULE", "github.com/pyfly-go/pyfly/cmd/pyfly/"+filepath.Base(dir))
	write(t, filepath.Join(dir, "items.go"), content)
	if code, _, stderr := pyfly(t, dir, "generate"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	generated := read(t, filepath.Join(dir, "items_pyfly.go"))
	shown := packageName.ReplaceAllString(generated, "MODULE")
	shown = regexp.MustCompile(`// (version|checksum): .*`).ReplaceAllString(shown, "// $1: -")
	golden(t, "items_pyfly.go.txt", shown)
	goRuns(t, dir, "vet", "./...")
	goRuns(t, dir, "test", "./...")

	if code, stdout, _ := pyfly(t, dir, "generate"); code != exitDone || stdout != "" {
		t.Errorf("the second run ended in %d and printed %q", code, stdout)
	}
	if again := read(t, filepath.Join(dir, "items_pyfly.go")); again != generated {
		t.Error("two runs differ")
	}
}

const small = `package small

import "context"

//pyfly:http-client url:"http://small"
type Small interface {
	//pyfly:get /x
	Get(ctx context.Context) (string, error)
}
`

func TestAFileIsKeptCurrent(t *testing.T) {
	dir := folder(t, map[string]string{"small.go": small})
	output := filepath.Join(dir, "small_pyfly.go")
	expect := func(what string, wantCode int, wantText string, args ...string) {
		t.Helper()
		code, stdout, stderr := pyfly(t, dir, args...)
		if code != wantCode || !strings.Contains(stdout+stderr, wantText) {
			t.Errorf("%s: exit code %d, printed %q, %q", what, code, stdout, stderr)
		}
	}
	expect("missing", exitMistakes, "small_pyfly.go: it is missing or stale", "generate", "-check")
	if _, err := os.Stat(output); err == nil {
		t.Error("-check has written a file")
	}
	expect("first", exitDone, "wrote small_pyfly.go", "generate")
	expect("current", exitDone, "", "generate", ".", "-check")

	generated := read(t, output)
	write(t, output, strings.Replace(generated, "// version: ", "// version: v9.9.9-", 1))
	expect("of another version", exitDone, "", "-check", "generate")
	write(t, output, strings.ReplaceAll(generated, "\n", "\r\n"))
	expect("with other line ends", exitDone, "", "-check", "generate")

	write(t, filepath.Join(dir, "small.go"), strings.Replace(small, "/x", "/y", 1))
	expect("stale", exitMistakes, "it is missing or stale", "-check", "generate")
	expect("renewed", exitDone, "wrote", "generate")

	write(t, output, read(t, output)+"\nvar mine int\n")
	expect("changed", exitMistakes, "overwrite it with -force", "generate")
	expect("forced", exitDone, "wrote", "generate", "-force")

	write(t, output, "package small\n")
	write(t, output, generated+"broken {")
	expect("broken", exitDone, "wrote", "generate", "-force")

	write(t, filepath.Join(dir, "small.go"), "package small\n")
	expect("to be removed", exitMistakes, "no interface belongs to it", "generate", "-check")
	expect("removed", exitDone, "removed small_pyfly.go", "generate")
}

func TestAPackageThatUsesWhatIsGeneratedCanBeGenerated(t *testing.T) {
	dir := folder(t, map[string]string{
		"small.go":     small,
		"use.go":       "package small\n\nvar Stub = NewSmallStub()\n\nvar _ Small = &FakeSmall{}\n",
		"test_test.go": strings.ReplaceAll(strings.Replace(small, "package small", "package small_test", 1), "Small", "Tested"),
	})
	if code, _, stderr := pyfly(t, dir, "generate"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "test_pyfly_test.go")); err != nil {
		t.Error(err)
	}
	goRuns(t, dir, "vet", "./...")
}

func TestBuildConstraintsAreKept(t *testing.T) {
	system := runtime.GOOS
	dir := folder(t, map[string]string{
		"a_" + system + ".go": small,
		"b.go":                "//go:build !never && (" + system + " || never)\n\n" + strings.ReplaceAll(small, "Small", "Other"),
		"c_plan9.go":          strings.ReplaceAll(small, "Small", "Plan"),
		"c_plan9_pyfly.go":    "// Code generated by pyfly generate. DO NOT EDIT.\n// version: v1\n// checksum: 56a6fb8f60abce1ddaf089c1c434d260\n\npackage small\n",
	})
	code, stdout, stderr := pyfly(t, dir, "generate")
	if code != exitDone || strings.Contains(stdout, "plan9") {
		t.Errorf("exit code %d, printed %q, %q", code, stdout, stderr)
	}
	for file, want := range map[string]string{
		"a_" + system + "_pyfly.go": "\n//go:build " + system + "\n\npackage small\n",
		"b_pyfly.go":                "\n//go:build !never && (" + system + " || never)\n\npackage small\n",
	} {
		if got := read(t, filepath.Join(dir, file)); !strings.Contains(got, want) {
			t.Errorf("%s begins with\n%.300s", file, got)
		}
	}
	if code, _, stderr := pyfly(t, dir, "generate", "-check"); code != exitDone {
		t.Errorf("exit code %d, printed %q", code, stderr)
	}
}

func TestTheGeneratedFilesOfTheRepositoryAreCurrent(t *testing.T) {
	folders := []string{"./client/codegen", "./examples/catalog/shop", "./docs/snippets/interfaces", "./benchmarks"}
	if code, _, stderr := pyfly(t, "../..", append([]string{"generate", "-check"}, folders...)...); code != exitDone {
		t.Error(stderr)
	}
}

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		text string
	}{
		"no command":       {nil, exitUsage, "usage: pyfly generate"},
		"another command":  {[]string{"gen"}, exitUsage, "usage: pyfly generate"},
		"an unknown flag":  {[]string{"generate", "-x"}, exitUsage, "-x"},
		"help":             {[]string{"-h"}, exitDone, "usage: pyfly generate"},
		"no such package":  {[]string{"generate", "./nowhere"}, exitMistakes, "nowhere"},
		"a syntax mistake": {[]string{"generate", "./syntax"}, exitMistakes, "syntax.go:3:"},
	} {
		dir := folder(t, map[string]string{"small.go": "package small\n", "syntax/syntax.go": "package syntax\n\nfunc {\n"})
		code, stdout, stderr := pyfly(t, dir, c.args...)
		if code != c.code || !strings.Contains(stdout+stderr, c.text) {
			t.Errorf("%s: exit code %d, printed %q, %q", name, code, stdout, stderr)
		}
	}
}

func TestJSON(t *testing.T) {
	dir := folder(t, map[string]string{"small.go": strings.Replace(small, "get /x", "get /{x}", 1)})
	code, stdout, _ := pyfly(t, dir, "generate", ".", "-json")
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if code != exitMistakes || len(r.Mistakes) != 1 || r.Mistakes[0].File != "small.go" || r.Mistakes[0].Line != 7 || r.Mistakes[0].Column != 2 {
		t.Errorf("exit code %d, printed %s", code, stdout)
	}
}
