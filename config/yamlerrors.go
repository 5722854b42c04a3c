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
		Want:    "keep one of them; keys that differ only in case, dashes and underscores are the same",
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
	wrong := p.errorAt(line, "this is not valid YAML: "+message, "check the indentation, the quotes and the brackets here")
	wrong.Err = cause
	switch {
	case hasTabIndent(content, line):
		wrong.Message, wrong.Want = "a tab cannot indent YAML", "use spaces"
	case strings.HasPrefix(message, "unknown anchor"): // the text may be a secret that begins with *
		wrong.Message, wrong.Want, wrong.Err = "an alias refers to an anchor that does not exist", "define the anchor with &, or write the text in quotes", nil
	}
	return wrong
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

// maxParsed bounds the search of brokenLine, in bytes.
const maxParsed = 4 << 20

// brokenLine finds the line that a person would call wrong. The parser names
// the line before, or that on which the surrounding block began, or none; so
// look for the longest beginning of the text that parses: the line after it is
// the wrong one.
func brokenLine(content []byte) (int, bool) {
	end := endOfLine(content, bytesRead(content))
	for parsed := 0; parsed <= maxParsed; parsed += end {
		if parses(content[:end]) {
			return 1 + bytes.Count(content[:end], []byte("\n")), true
		}
		if end == 0 {
			break
		}
		end = 1 + bytes.LastIndexByte(content[:end-1], '\n')
	}
	return 0, false
}

// endOfLine returns where the line ends that holds the byte before index.
func endOfLine(content []byte, index int) int {
	if rest := bytes.IndexByte(content[index:], '\n'); rest >= 0 {
		return index + rest + 1
	}
	return len(content)
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

// bytesRead counts the bytes that a parser has read when it gives up.
func bytesRead(content []byte) int {
	reader := &slowReader{content: content}
	decoder := yaml.NewDecoder(reader)
	for {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			return reader.read
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
