// SPDX-License-Identifier: Apache-2.0

// Package docs_test keeps the guides true: every Go snippet in them stands in
// a file that is compiled, and every link leads somewhere.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides returns README.md and the guides, by path from this folder.
func guides(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, _ := filepath.Glob("decisions/*.md")
	texts := map[string]string{}
	for _, path := range append(append(paths, decisions...), "../README.md", "../CONTRIBUTING.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

// compiled returns the normalised text of every Go file of the snippets and
// the examples.
func compiled(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"snippets", "../examples"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			text, err := os.ReadFile(path)
			all.WriteString(normalise(string(text)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// normalise makes indentation, alignment and blank lines not count.
func normalise(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if fields := strings.Fields(line); len(fields) > 0 {
			b.WriteString(strings.Join(fields, " ") + "\n")
		}
	}
	return b.String()
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestEveryGoSnippetIsCompiled(t *testing.T) {
	code := compiled(t)
	count := 0
	for path, text := range guides(t) {
		for _, match := range goBlock.FindAllStringSubmatch(text, -1) {
			count++
			if !strings.Contains(code, normalise(match[1])) {
				t.Errorf("%s: this snippet stands in no file below docs/snippets or examples:\n%s", path, match[1])
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d snippets were found: the test looks in the wrong place", count)
	}
}

var (
	code = regexp.MustCompile("(?s)```.*?```|`[^`]*`")
	link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for path, text := range guides(t) {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), match[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
