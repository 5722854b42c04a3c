// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlParser is a koanf.Parser for one file. It reads the nodes of the document,
// which tell on which line each key stands.
type yamlParser struct {
	file    string
	layer   *layer
	isEmpty bool // the file holds nothing but comments

	aliases []*yaml.Node // that are being followed
	values  int          // read so far
	aliased int          // of these, through aliases
	merging int          // how many mappings that others merge are being read

	hasGivenUp bool // there are too many values
}

// Unmarshal implements koanf.Parser. The result has canonical keys.
func (p *yamlParser) Unmarshal(content []byte) (map[string]any, error) {
	root, err := p.root(withoutVersion(content))
	if err != nil || root == nil {
		p.isEmpty = err == nil
		return map[string]any{}, err
	}
	if errs := p.checkKeys(root); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if err := p.addEntries(p.layer, nil, root); err != nil {
		return nil, err
	}
	return p.layer.tree, nil
}

// Marshal implements koanf.Parser.
func (p *yamlParser) Marshal(map[string]any) ([]byte, error) {
	return nil, errors.New("settings are not written")
}

// versionLine is the directive %YAML 1.x, of which the parser knows 1.1 only.
var versionLine = regexp.MustCompile(`\A(?:\x{FEFF})?(?:[ \t]*(?:#.*)?\r?\n)*%YAML[ \t]+1\.\d+[ \t]*(?:#.*)?\r?(?:\n|\z)`)

// withoutVersion makes a comment of the directive.
func withoutVersion(content []byte) []byte {
	end := versionLine.FindIndex(content)
	if end == nil {
		return content
	}
	content = slices.Clone(content)
	content[bytes.LastIndexByte(content[:end[1]], '%')] = '#'
	return content
}

// root returns the mapping that is the document, or nil for an empty one. There
// may be empty documents beside it.
func (p *yamlParser) root(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var root *yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		switch {
		case errors.Is(err, io.EOF):
			return root, p.checkRoot(root)
		case err != nil:
			return nil, p.syntaxError(content, err)
		case len(document.Content) == 0 || isNull(document.Content[0]):
		case root != nil:
			return nil, p.errorAt(document.Line, "a second YAML document begins here",
				"keep one document in the file, and put what differs between environments into a profile's file such as pyfly-prod.yaml")
		default:
			root = document.Content[0]
		}
	}
}

func (p *yamlParser) checkRoot(root *yaml.Node) error {
	if root == nil || root.Kind == yaml.MappingNode {
		return nil
	}
	return p.errorAt(root.Line, "the file holds "+describe(root)+" where keys and values are needed",
		"write lines of the form key: value")
}

func (p *yamlParser) origin(line int) Origin { return Origin{File: p.file, Line: line} }

func (p *yamlParser) errorAt(line int, message, want string) *Error {
	return &Error{Origin: p.origin(line), Message: message, Want: want}
}

// addEntries adds a mapping below path: its own keys, and then those that it
// merges (<<) where they are not set. A mapping without keys clears what lower
// layers have.
func (p *yamlParser) addEntries(l *layer, path []string, mapping *yaml.Node) error {
	if len(mapping.Content) == 0 && len(path) > 0 {
		l.clear(path)
	}
	var errs []error
	own := map[string]bool{}
	for key, value := range entriesOf(mapping) {
		if isMergeKey(key) || isNull(dealias(value)) {
			continue
		}
		own[canonicalKey(key.Value)] = true
		errs = append(errs, p.add(l, path, key, value))
	}
	for key, value := range entriesOf(mapping) {
		if isMergeKey(key) {
			errs = append(errs, p.merge(l, path, value, own))
		}
	}
	return errors.Join(errs...)
}

// merge adds the keys of one or more mappings that are not among taken, and adds
// them to these.
func (p *yamlParser) merge(l *layer, path []string, value *yaml.Node, taken map[string]bool) error {
	return p.follow(value, func(value *yaml.Node) error {
		switch value.Kind {
		case yaml.MappingNode:
			return p.mergeMapping(l, path, value, taken)
		case yaml.SequenceNode:
			var errs []error
			for _, element := range value.Content {
				if isList := dealias(element).Kind == yaml.SequenceNode; isList {
					return p.notMergeable(element)
				}
				errs = append(errs, p.merge(l, path, element, taken))
			}
			return errors.Join(errs...)
		}
		return p.notMergeable(value)
	})
}

func (p *yamlParser) notMergeable(value *yaml.Node) error {
	return p.errorAt(value.Line, describe(value)+" cannot be merged by <<", "refer to a group of keys, or to a list of such groups")
}

func (p *yamlParser) mergeMapping(l *layer, path []string, mapping *yaml.Node, taken map[string]bool) error {
	p.merging++
	defer func() { p.merging-- }()
	var errs []error
	for key, value := range entriesOf(mapping) {
		name := canonicalKey(key.Value)
		if isMergeKey(key) || taken[name] || isNull(dealias(value)) {
			continue
		}
		taken[name] = true
		errs = append(errs, p.add(l, path, key, value))
	}
	for key, value := range entriesOf(mapping) {
		if isMergeKey(key) {
			errs = append(errs, p.merge(l, path, value, taken))
		}
	}
	return errors.Join(errs...)
}

// add adds the value of a key below a path. A null counts as not written.
func (p *yamlParser) add(l *layer, below []string, key, value *yaml.Node) error {
	written := splitKey(key.Value)
	path := append(slices.Clip(below), written...)
	if l.depth+len(path) > maxDepth {
		return p.errorAt(key.Line, "this key is nested too deeply", "write keys of at most 100 segments")
	}
	return p.follow(value, func(value *yaml.Node) error {
		at := place{origin: p.origin(key.Line)}
		isGroup := value.Kind == yaml.MappingNode
		switch {
		case isNull(value) || p.merging > 0 && l.isTaken(path, isGroup):
			return nil
		case isGroup:
			if err := l.addGroup(path, len(written), at.origin); err != nil {
				return err
			}
			return p.addEntries(l, path, value)
		}
		leaf, err := p.leaf(l, path, value, &at)
		if err != nil {
			return err
		}
		return l.addLeaf(path, len(written), leaf, at)
	})
}

func (p *yamlParser) leaf(l *layer, path []string, value *yaml.Node, at *place) (any, error) {
	if value.Kind == yaml.SequenceNode {
		return p.list(l, path, value)
	}
	return p.scalar(value, at)
}

// list converts a list and notes where its elements stand. Nulls are left out.
func (p *yamlParser) list(l *layer, path []string, node *yaml.Node) ([]any, error) {
	list := make([]any, 0, len(node.Content))
	var errs []error
	for _, element := range node.Content {
		err := p.follow(element, func(target *yaml.Node) error {
			if isNull(target) {
				return nil
			}
			inside := l.inside(path, len(list))
			if inside.depth > maxDepth {
				return p.errorAt(element.Line, "this list is nested too deeply", "write at most 100 levels")
			}
			at := place{origin: p.origin(element.Line)}
			value, err := p.element(inside, target, &at)
			l.places[inside.prefix] = at
			list = append(list, value)
			return err
		})
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

func (p *yamlParser) element(inside *layer, value *yaml.Node, at *place) (any, error) {
	switch value.Kind {
	case yaml.MappingNode:
		merging := p.merging
		p.merging = 0 // nothing is in it yet
		defer func() { p.merging = merging }()
		err := p.addEntries(inside, nil, value)
		return inside.tree, err
	case yaml.SequenceNode:
		return p.list(inside, nil, value)
	}
	return p.scalar(value, at)
}

// follow calls read with what a node, or the anchor that it refers to, holds.
func (p *yamlParser) follow(node *yaml.Node, read func(*yaml.Node) error) error {
	p.values++
	if len(p.aliases) > 0 {
		p.aliased++
	}
	switch {
	case p.hasGivenUp:
		return nil
	case p.isTooMuch():
		p.hasGivenUp = true
		return p.errorAt(node.Line, "the aliases of this file stand for too many values", "write fewer of them, or write the values out")
	}
	if node.Kind != yaml.AliasNode {
		return read(node)
	}
	if slices.Contains(p.aliases, node.Alias) {
		return p.errorAt(node.Line, "the alias *"+node.Value+" refers to a value that contains it", "refer to something else")
	}
	p.aliases = append(p.aliases, node.Alias)
	defer func() { p.aliases = p.aliases[:len(p.aliases)-1] }()
	return read(node.Alias)
}

// isTooMuch reports whether aliases that double each other fill the memory: the
// more values there are, the fewer of them may come from aliases.
func (p *yamlParser) isTooMuch() bool {
	const few, many = 400_000, 4_000_000
	share := 0.99 - 0.89*float64(min(max(p.values, few), many)-few)/(many-few)
	return p.values > 1000 && float64(p.aliased) > share*float64(p.values)
}

// scalar returns a value, and notes the text that was written if that says more.
func (p *yamlParser) scalar(node *yaml.Node, at *place) (any, error) {
	switch node.ShortTag() {
	case "!!bool":
		var value bool
		if node.Decode(&value) != nil {
			return nil, p.errorAt(node.Line, "this is not a bool", wantBool)
		}
		at.text = node.Value
		return value, nil
	case "!!int", "!!float":
		value, ok := numberIn(node.Value)
		if !ok && node.Decode(&value) != nil { // infinity
			return nil, p.errorAt(node.Line, "this is not a number", wantNumber)
		}
		at.text = node.Value
		return value, nil
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(node.Value), ""))
		if err != nil {
			return nil, p.errorAt(node.Line, "this is not encoded in base64", "encode it, or leave !!binary out")
		}
		return string(data), nil
	}
	return node.Value, nil
}

// entriesOf yields the keys and values of a mapping.
func entriesOf(mapping *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(dealias(mapping.Content[i]), mapping.Content[i+1]) {
				return
			}
		}
	}
}

func dealias(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isMergeKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge"
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }
