// SPDX-License-Identifier: Apache-2.0

// Package docs_test keeps the guides true: every Go snippet in them stands in
// a file that is compiled, every shown output and settings file in one that a
// test compares, and every link leads somewhere.
package docs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// minSnippets is well below the number of Go snippets in the guides: fewer mean
// that the test looks in the wrong place.
const minSnippets = 40

// guides returns the text of README.md, CONTRIBUTING.md and all guides, by path
// from this folder.
func guides(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "decisions/*.md", "../README.md", "../CONTRIBUTING.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			texts[path] = readFile(t, path)
		}
	}
	return texts
}

// sources returns the text of the files below roots that have a suffix.
func sources(t *testing.T, suffix string, roots ...string) []string {
	t.Helper()
	var texts []string
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, suffix) {
				texts = append(texts, readFile(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryGoSnippetIsCompiled(t *testing.T) {
	files := sources(t, ".go", "snippets", "../examples")
	count := 0
	for path, text := range guides(t) {
		for _, snippet := range blocks(text, "go") {
			count++
			if !standsIn(files, snippet, code) {
				t.Errorf("%s: this snippet stands in no Go file below docs/snippets or examples:\n%s", path, snippet)
			}
		}
	}
	if count < minSnippets {
		t.Errorf("only %d snippets were found", count)
	}
}

// Shown output is marked text. A test compares it: as the Output of an Example
// or with a golden file.
func TestEveryShownOutputIsReal(t *testing.T) {
	files := sources(t, ".txt", "snippets")
	for _, file := range sources(t, "_test.go", "snippets") {
		files = append(files, exampleOutput(file))
	}
	for path, text := range guides(t) {
		for _, output := range blocks(text, "text") {
			if !standsIn(files, output, strings.TrimSpace) {
				t.Errorf("%s: no Example or golden file below docs/snippets has this output:\n%s", path, output)
			}
		}
	}
}

func TestEverySettingsFileIsRead(t *testing.T) {
	files := sources(t, ".yaml", "snippets")
	for path, text := range guides(t) {
		for _, settings := range blocks(text, "yaml") {
			if !standsIn(files, settings, trimRight) {
				t.Errorf("%s: these settings stand in no file below docs/snippets:\n%s", path, settings)
			}
		}
	}
}

var (
	codeSpan = regexp.MustCompile("(?s)```.*?```|`[^`]*`")
	link     = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for path, text := range guides(t) {
		for _, match := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, ""), -1) {
			if err := follow(t, path, match[1], match[2]); err != nil {
				t.Errorf("%s: the link %s#%s: %v", path, match[1], match[2], err)
			}
		}
	}
}

// follow looks up a relative link, and the heading it names.
func follow(t *testing.T, from, to, anchor string) error {
	t.Helper()
	target := from
	if to != "" {
		target = filepath.Join(filepath.Dir(from), to)
	}
	if _, err := os.Stat(target); err != nil || anchor == "" {
		return err
	}
	for _, match := range heading.FindAllStringSubmatch(readFile(t, target), -1) {
		if anchorOf(match[1]) == anchor {
			return nil
		}
	}
	return errors.New("there is no such heading")
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchorOf is the anchor that GitHub gives a heading.
func anchorOf(heading string) string {
	return strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// A guide may name the test that shows what it says.
func TestEveryNamedTestExists(t *testing.T) {
	named := regexp.MustCompile("`(Test[A-Z]\\w+)`")
	files := strings.Join(sources(t, "_test.go", "..", "snippets"), "\n")
	count := 0
	for path, text := range guides(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			count++
			if !strings.Contains(files, "func "+match[1]+"(t *testing.T)") {
				t.Errorf("%s: there is no %s", path, match[1])
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d tests are named", count)
	}
}
