// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"strings"
)

// delimiter joins the segments of a key inside koanf.
const delimiter = "."

// place says how and where a key was written, and how its value came about.
type place struct {
	name   string // the last segment as written
	origin Origin
	text   string // a scalar's text where that says more than its value: 1.10
	group  bool
	dotted bool       // the dot before the last segment stands in a key: a.b
	clears bool       // a group that is written without keys: what lower layers have there does not count
	short  *ShortForm // that the value was written in

	via    string // the placeholder that the value came through: "${db.url}"
	secret bool   // the value came through the name of a secret
	final  bool   // the placeholders have been replaced: what looks like one is text
}

// places maps the canonical paths of keys, and of the elements of lists as
// "key[0]", to where they were written.
type places map[string]place

// merge lets later win. Where a group goes on, its place stays.
func (p places) merge(later places) {
	for path, at := range later {
		if !at.group || !p[path].group || at.clears {
			p[path] = at
		}
	}
}

// layer collects what one file, or code, sets, under canonical keys. It does not
// change once it is collected.
type layer struct {
	prefix string // of all paths, for what is inside a list: "hosts[0]"
	depth  int    // of prefix
	tree   map[string]any
	places places
	strict bool   // a key that is set twice is an error
	over   *layer // of code, what would have replaced a part of this one
}

func newLayer(strict bool) *layer {
	return &layer{tree: map[string]any{}, places: places{}, strict: strict}
}

// inside returns the layer of a group that is an element of a list.
func (l *layer) inside(path []string, index int) *layer {
	prefix := fmt.Sprintf("%s[%d]", l.path(path), index)
	return &layer{prefix: prefix, depth: l.depth + len(path) + 1, tree: map[string]any{}, places: l.places, strict: l.strict}
}

// path is the canonical key of a path as written.
func (l *layer) path(path []string) string {
	canonical := strings.Join(canonicalPath(path), delimiter)
	if l.prefix != "" && canonical != "" {
		return l.prefix + delimiter + canonical
	}
	return l.prefix + canonical
}

// addGroup makes sure that there is a group of keys at path, of which the last
// written segments are one key.
func (l *layer) addGroup(path []string, written int, origin Origin) error {
	l = l.top(path, true)
	_, err := l.group(path, len(path)-written, origin)
	return err
}

// addLeaf sets a scalar or a list.
func (l *layer) addLeaf(path []string, written int, value any, at place) error {
	l = l.top(path, false)
	last := len(path) - 1
	parent, err := l.group(path[:last], len(path)-written, at.origin)
	if err != nil {
		return err
	}
	segment, key := canonicalSegment(path[last]), l.path(path)
	if _, exists := parent[segment]; exists && l.strict {
		return l.setTwice(path, at.origin)
	}
	at.name, at.dotted = path[last], written > 1
	parent[segment], l.places[key] = value, at
	return nil
}

// isTaken reports whether path is set, so that a group or a scalar or list cannot
// be added there.
func (l *layer) isTaken(path []string, isGroup bool) bool {
	var at any = l.tree
	for _, segment := range canonicalPath(path) {
		group, ok := at.(map[string]any)
		if !ok {
			return true
		}
		if at = group[segment]; at == nil {
			return false
		}
	}
	_, ok := at.(map[string]any)
	return !ok || !isGroup
}

// clear removes what lower layers have in a group.
func (l *layer) clear(path []string) {
	key := l.path(path)
	at := l.places[key]
	at.clears = true
	l.places[key] = at
}

// mergeInto merges the layer into the groups of those below it, which it does
// not share.
func (l *layer) mergeInto(below map[string]any) { l.mergeGroup("", l.tree, below) }

func (l *layer) mergeGroup(path string, group, below map[string]any) {
	for segment, value := range group {
		above, isGroup := value.(map[string]any)
		if !isGroup {
			below[segment] = value
			continue
		}
		key := joinKey(path, segment)
		merged, exists := below[segment].(map[string]any)
		if !exists || l.places[key].clears {
			merged = make(map[string]any, len(above))
			below[segment] = merged
		}
		l.mergeGroup(key, above, merged)
	}
}

// Read implements koanf.Provider.
func (l *layer) Read() (map[string]any, error) { return l.tree, nil }

// ReadBytes implements koanf.Provider.
func (l *layer) ReadBytes() ([]byte, error) { return nil, errors.New("a layer has been parsed") }

// top returns the layer to add a key to: that of a file, which is strict, or the
// topmost of code, which is a new one if the key would replace what is there by
// something of another shape.
func (l *layer) top(path []string, isGroup bool) *layer {
	if l.strict || l.prefix != "" {
		return l
	}
	for l.over != nil {
		l = l.over
	}
	var at any = l.tree
	for i, segment := range canonicalPath(path) {
		at = at.(map[string]any)[segment]
		if at == nil {
			return l
		}
		if _, found := at.(map[string]any); found != (isGroup || i < len(path)-1) {
			l.over = newLayer(false)
			return l.over
		}
	}
	return l
}

// group returns the group at path and makes those that are missing. A key begins
// with the segment of the given index.
func (l *layer) group(path []string, begin int, origin Origin) (map[string]any, error) {
	current := l.tree
	for i, segment := range canonicalPath(path) {
		child, exists := current[segment]
		group, isGroup := child.(map[string]any)
		if exists && !isGroup && l.strict {
			return nil, l.setTwice(path[:i+1], origin)
		}
		if !isGroup {
			group = map[string]any{}
			current[segment] = group
			l.places[l.path(path[:i+1])] = place{name: path[i], origin: origin, group: true, dotted: i > begin}
		}
		current = group
	}
	return current, nil
}

func (l *layer) setTwice(path []string, again Origin) error {
	first := l.places[l.path(path)]
	return &Error{
		Origin:  again,
		Key:     joinKey(l.prefix, strings.Join(path, ".")),
		Message: fmt.Sprintf("this key is already set at %s (there written %s)", first.origin, first.name),
		Want:    "keep one of them; keys that differ only in case, dashes and underscores are the same, and a dot stands for nesting",
	}
}
