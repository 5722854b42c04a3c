// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"time"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"go.yaml.in/yaml/v3"
)

// yamlParser is a koanf.Parser for one file. The values are those of koanf's
// YAML parser; the document's nodes tell on which line each key stands.
type yamlParser struct {
	file    string
	layer   *layer
	isEmpty bool // the file holds nothing but comments
}

// Unmarshal implements koanf.Parser. The result has canonical keys.
func (p *yamlParser) Unmarshal(content []byte) (map[string]any, error) {
	root, err := p.root(content)
	if err != nil || root == nil {
		p.isEmpty = true
		return map[string]any{}, err
	}
	if errs := p.checkKeys(root); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	values, err := koanfyaml.Parser().Unmarshal(content)
	if err != nil {
		return nil, p.decodingErrors(err)
	}
	if err := p.addEntries(p.layer, nil, root, values); err != nil {
		return nil, err
	}
	return p.layer.tree, nil
}

// Marshal implements koanf.Parser.
func (p *yamlParser) Marshal(values map[string]any) ([]byte, error) {
	return koanfyaml.Parser().Marshal(values)
}

// root returns the mapping that is the document, or nil for an empty one.
func (p *yamlParser) root(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, next yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		err = decoder.Decode(&next)
	}
	switch root := firstOf(document.Content); {
	case err == nil:
		return nil, p.errorAt(next.Line, "a second YAML document begins here",
			"keep one document in the file; what differs by environment goes to a profile's file such as pyfly-prod.yaml")
	case !errors.Is(err, io.EOF):
		return nil, p.syntaxError(content, err)
	case root == nil || isNull(root):
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, p.errorAt(root.Line, "the file holds "+describe(root)+" where keys and values are needed",
			"write lines of the form key: value")
	default:
		return root, nil
	}
}

func firstOf(nodes []*yaml.Node) *yaml.Node {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

func (p *yamlParser) origin(line int) Origin { return Origin{File: p.file, Line: line} }

func (p *yamlParser) errorAt(line int, message, want string) *Error {
	return &Error{Origin: p.origin(line), Message: message, Want: want}
}

// entry is a key of a mapping with its value.
type entry struct {
	key, value *yaml.Node
}

// entriesOf lists the keys of a mapping, then those that it merges (<<) and
// does not set itself.
func entriesOf(mapping *yaml.Node) []entry {
	var own, merged []entry
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := dealias(mapping.Content[i]), mapping.Content[i+1]
		if isMergeKey(key) {
			merged = mergedBy(value)
			continue
		}
		own = append(own, entry{key, value})
	}
	taken := map[string]bool{}
	return slices.DeleteFunc(append(own, merged...), func(e entry) bool {
		name := canonicalKey(e.key.Value)
		defer func() { taken[name] = true }()
		return taken[name]
	})
}

func mergedBy(value *yaml.Node) []entry {
	switch value = dealias(value); value.Kind {
	case yaml.MappingNode:
		return entriesOf(value)
	case yaml.SequenceNode:
		var all []entry
		for _, mapping := range value.Content {
			all = append(all, entriesOf(dealias(mapping))...)
		}
		return all
	}
	return nil
}

// addEntries adds a mapping, whose value the parser has decoded, below path.
func (p *yamlParser) addEntries(l *layer, path []string, mapping *yaml.Node, decoded any) error {
	var errs []error
	for _, e := range entriesOf(mapping) {
		below := append(slices.Clip(path), splitKey(e.key.Value)...)
		errs = append(errs, p.add(l, below, e.key.Line, e.value, valueOf(decoded, e.key)))
	}
	return errors.Join(errs...)
}

func (p *yamlParser) add(l *layer, path []string, line int, node *yaml.Node, decoded any) error {
	node = dealias(node)
	switch {
	case decoded == nil:
		return nil // null counts as not written
	case node.Kind == yaml.MappingNode:
		if err := l.addGroup(path, p.origin(line)); err != nil {
			return err
		}
		return p.addEntries(l, path, node, decoded)
	case node.Kind == yaml.SequenceNode:
		list, err := p.list(l, path, node, decoded)
		if err != nil {
			return err
		}
		return l.addLeaf(path, list, place{origin: p.origin(line)})
	}
	value, text := scalar(node, decoded)
	return l.addLeaf(path, value, place{origin: p.origin(line), text: text})
}

// list converts a list and notes where its elements stand. Nulls are left out.
func (p *yamlParser) list(l *layer, path []string, node *yaml.Node, decoded any) ([]any, error) {
	values, _ := decoded.([]any)
	list := make([]any, 0, len(values))
	for i, element := range node.Content {
		if i >= len(values) || values[i] == nil {
			continue
		}
		inside := l.inside(path, len(list))
		at := place{origin: p.origin(element.Line)}
		var value any
		var err error
		switch target := dealias(element); target.Kind {
		case yaml.MappingNode:
			err = p.addEntries(inside, nil, target, values[i])
			value = inside.tree
		case yaml.SequenceNode:
			value, err = p.list(inside, nil, target, values[i])
		default:
			value, at.text = scalar(target, values[i])
		}
		if err != nil {
			return nil, err
		}
		l.places[inside.prefix] = at
		list = append(list, value)
	}
	return list, nil
}

// scalar returns a value and, if it is no string, the text that was written.
// A date stays text: no setting is a date unless its type says so.
func scalar(node *yaml.Node, decoded any) (value any, text string) {
	switch decoded := decoded.(type) {
	case string:
		return decoded, ""
	case time.Time:
		return node.Value, ""
	default:
		return decoded, node.Value
	}
}

// valueOf looks a key up in a decoded mapping.
func valueOf(decoded any, key *yaml.Node) any {
	switch mapping := decoded.(type) {
	case map[string]any:
		return mapping[key.Value]
	case map[any]any:
		var name any
		if key.Decode(&name) == nil {
			return mapping[name]
		}
	}
	return nil
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
