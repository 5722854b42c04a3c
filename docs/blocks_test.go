// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// blocks returns the fenced code blocks of a text whose fence names a language,
// wherever they are indented.
func blocks(text, language string) []string {
	var found []string
	var block strings.Builder
	open, wanted := "", false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		fence := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`~"))]
		switch {
		case open == "" && len(fence) >= 3:
			name, _, _ := strings.Cut(strings.TrimSpace(trimmed[len(fence):]), " ")
			open, wanted = fence, name == language
			block.Reset()
		case open != "" && trimmed == open:
			if wanted {
				found = append(found, block.String())
			}
			open = ""
		case open != "":
			block.WriteString(line)
		}
	}
	return found
}

// standsIn reports whether one of the files has all lines of a block, one after
// the other. Blank lines and what normalise takes away do not count.
func standsIn(files []string, block string, normalise func(line string) string) bool {
	wanted := lines(block, normalise)
	return len(wanted) > 0 && slices.ContainsFunc(files, func(file string) bool {
		have := lines(file, normalise)
		for i := range len(have) - len(wanted) + 1 {
			if slices.Equal(have[i:i+len(wanted)], wanted) {
				return true
			}
		}
		return false
	})
}

func lines(text string, normalise func(string) string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = normalise(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// trimRight keeps the indentation, which in YAML has a meaning.
func trimRight(line string) string { return strings.TrimRightFunc(line, unicode.IsSpace) }

// code takes away the indentation and alignment of a line of Go, but not what
// stands in quotes.
func code(line string) string {
	var b strings.Builder
	var quote rune
	blank := false
	for _, r := range strings.TrimSpace(line) {
		if quote == 0 && (r == ' ' || r == '\t') {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		switch {
		case quote == 0 && (r == '"' || r == '`'):
			quote = r
		case r == quote:
			quote = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

// exampleOutput returns what the Examples of a test file print: their comments
// from "Output:" on.
func exampleOutput(file string) string {
	var output strings.Builder
	within := false
	for line := range strings.Lines(file) {
		text, isComment := strings.CutPrefix(strings.TrimSpace(line), "//")
		switch {
		case !isComment:
			within = false
		case strings.TrimSpace(text) == "Output:":
			within = true
		case within:
			output.WriteString(text + "\n")
		}
	}
	return output.String()
}

func TestASnippetThatDriftsIsFound(t *testing.T) {
	files := []string{"package shop\n\nfunc price() int {\n\tx := 1 // one\n\treturn x\n}\n", "func cost() string { return \"a  b\" }\n"}
	cases := map[string]struct {
		snippet string
		found   bool
	}{
		"as it is":                     {"func price() int {\n\tx := 1 // one\n", true},
		"indented otherwise":           {"    x := 1    // one\n\n    return x\n", true},
		"another value":                {"x := 2 // one\n", false},
		"another comment":              {"x := 1 // two\n", false},
		"a line left out":              {"func price() int {\n\treturn x\n", false},
		"the end of a line":            {":= 1 // one\n", false},
		"the beginning of a line":      {"return\n", false},
		"the end of one file and next": {"}\nfunc cost() string { return \"a  b\" }\n", false},
		"another text":                 {"func cost() string { return \"a b\" }\n", false},
		"nothing":                      {"\n", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := standsIn(files, c.snippet, code); got != c.found {
				t.Errorf("found: %t", got)
			}
		})
	}
}

func TestBlocksAreFound(t *testing.T) {
	text := "```go\na\n```\n- x\n  ```go title\n  b\n  ```\n```\nno\n```\n~~~go\nc\n~~~\n```yaml\nno\n```\n````go\nd\n```\n````\n"
	got := blocks(text, "go")
	if want := []string{"a\n", "  b\n", "c\n", "d\n```\n"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestOutputOfExamples(t *testing.T) {
	file := "func Example() {\n\tfmt.Println(1)\n\t// Output:\n\t// 1\n\t// 2\n}\n// no\n"
	if got := exampleOutput(file); got != " 1\n 2\n" {
		t.Errorf("%q", got)
	}
}
