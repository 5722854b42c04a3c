// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkKeys finds the keys of a document that cannot name settings and those
// that are there twice. Aliases are not followed.
func (p *yamlParser) checkKeys(node *yaml.Node) []error {
	if node.Kind != yaml.MappingNode {
		var errs []error
		for _, child := range node.Content {
			errs = append(errs, p.checkKeys(child)...)
		}
		return errs
	}
	var errs []error
	lines := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := dealias(node.Content[i])
		if err := p.checkKey(key, lines); err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, p.checkKeys(node.Content[i+1])...)
	}
	return errs
}

func (p *yamlParser) checkKey(key *yaml.Node, seen map[string]*yaml.Node) error {
	switch {
	case key.Kind != yaml.ScalarNode:
		return p.errorAt(key.Line, "a key is "+describe(key), "write text as key")
	case isNull(key):
		return p.errorAt(key.Line, "a key is empty or null", "write a name before the colon, in quotes if it is the word null")
	case slices.Contains(strings.Split(key.Value, "."), ""):
		return p.errorAt(key.Line, fmt.Sprintf("the key %q has an empty segment", key.Value), "write names between the dots")
	}
	name := canonicalKey(key.Value)
	first, again := seen[name]
	seen[name] = key
	if !again {
		return nil
	}
	return &Error{
		Origin:  p.origin(key.Line),
		Message: fmt.Sprintf("the key %s is already set at line %d (there written %s)", key.Value, first.Line, first.Value),
		Want:    "keep one of them; case, dashes and underscores do not tell keys apart",
	}
}

func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a group of keys"
	case yaml.AliasNode:
		return "an alias"
	}
	return "a single value"
}

// syntaxError reports text that is no YAML.
func (p *yamlParser) syntaxError(content []byte, cause error) error {
	line, message := splitLine(cause.Error())
	if broken, ok := brokenLine(content); ok {
		line = broken
	}
	want := "check the indentation, the quotes and the brackets here"
	if hasTabIndent(content, line) {
		message, want = "a tab cannot indent YAML", "use spaces"
	} else {
		message = "this is no valid YAML: " + message
	}
	return &Error{Origin: p.origin(line), Message: message, Want: want, Err: cause}
}

func hasTabIndent(content []byte, line int) bool {
	lines := bytes.Split(content, []byte("\n"))
	if line < 1 || line > len(lines) {
		return false
	}
	text := lines[line-1]
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	return bytes.ContainsRune(indent, '\t')
}

// decodingErrors reports YAML that is well formed but makes no sense.
func (p *yamlParser) decodingErrors(cause error) error {
	texts := []string{cause.Error()}
	var several *yaml.TypeError
	if errors.As(cause, &several) {
		texts = several.Errors
	}
	var errs []error
	for _, text := range texts {
		line, message := splitLine(text)
		errs = append(errs, &Error{Origin: p.origin(line), Message: "this YAML cannot be read: " + message, Err: cause})
	}
	return errors.Join(errs...)
}

// splitLine splits "yaml: line 3: message"; the line is 0 if there is none.
func splitLine(text string) (line int, message string) {
	text = strings.TrimPrefix(text, "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, message, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			return line, message
		}
	}
	return 0, text
}

// maxAttempts bounds the search of brokenLine.
const maxAttempts = 200

// brokenLine finds the line that a person would call wrong. The parser names
// the line before, or that on which the surrounding block began, or none; so
// look for the longest beginning of the text that parses: the line after it is
// the wrong one.
func brokenLine(content []byte) (int, bool) {
	lines := bytes.SplitAfter(content, []byte("\n"))
	read := min(linesRead(content), len(lines))
	for n := read; n >= 0 && n > read-maxAttempts; n-- {
		if parses(bytes.Join(lines[:n], nil)) {
			return n + 1, true
		}
	}
	return 0, false
}

func parses(content []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// linesRead counts the lines that a parser has begun to read when it gives up.
func linesRead(content []byte) int {
	reader := &slowReader{content: content}
	decoder := yaml.NewDecoder(reader)
	for {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			return 1 + bytes.Count(content[:reader.read], []byte("\n"))
		}
	}
}

// slowReader hands out one byte at a time, so that a parser reads no further
// than it needs.
type slowReader struct {
	content []byte
	read    int
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.read == len(r.content) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = r.content[r.read]
	r.read++
	return 1, nil
}
