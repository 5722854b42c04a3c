// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// mapEntry is a key of a map that is read. node is nil if only the environment
// sets it.
type mapEntry struct {
	name string
	node *node
}

// entriesOf returns the entries of a map below key, whose values are read into a
// t: those that files and code set, in the order of their names, and those that
// only variables set. The type tells where a name ends in the name of a variable,
// and which dots belong to a name.
func (c *Config) entriesOf(key string, n *node, t reflect.Type) []mapEntry {
	var entries []mapEntry
	if n.isGroup() {
		for _, child := range n.children() {
			entries = appendEntries(entries, t, child.name, child)
		}
	}
	for name := range c.shortVariable(key) {
		if !slices.ContainsFunc(entries, func(e mapEntry) bool { return canonicalKey(e.name) == canonicalKey(name) }) {
			entries = append(entries, mapEntry{name: name})
		}
	}
	for _, rest := range c.environment().below(key) {
		if name, ok := c.newEntry(entries, rest, t, key); ok {
			entries = append(entries, mapEntry{name: name})
		}
	}
	slices.SortFunc(entries, func(a, b mapEntry) int { return cmp.Compare(a.name, b.name) })
	return entries
}

// newEntry returns the name of the entry that a variable sets, if it is none of
// entries.
func (c *Config) newEntry(entries []mapEntry, rest string, t reflect.Type, key string) (name string, ok bool) {
	isAny, begin := t.Kind() == reflect.Interface, ""
	for _, e := range entries {
		below, isBelow := cutKey(rest, e.name)
		switch {
		case !isBelow:
		case isAny && below != "" && !e.node.isGroup(): // a single value, below which there is another
			if len(e.name) > len(begin) {
				begin, name = e.name, e.name+"."+nameOfVariable(below)
			}
		case c.canSet(below, t, joinKey(key, e.name)):
			return "", false
		}
	}
	if begin != "" {
		return name, true
	}
	return c.nameIn(rest, t, key)
}

// appendEntries appends what a node stands for: an entry, or several whose names
// have dots in them.
func appendEntries(entries []mapEntry, t reflect.Type, name string, n *node) []mapEntry {
	isEntry := fits(n, t)
	isFlat := takesSingle(t)
	isDescended := false
	for _, child := range n.children() {
		if isEntry && (!isStructural(t) || hasSegment(t, child.name) || !child.isGroup()) || !isFlat && !child.dotted {
			continue
		}
		isDescended = true
		entries = appendEntries(entries, t, name+"."+child.name, child)
	}
	if isEntry || !isDescended {
		entries = append(entries, mapEntry{name, n})
	}
	return entries
}

// fits reports whether n can be what is read into a t, as far as its shape tells.
func fits(n *node, t reflect.Type) bool {
	switch t = indirectType(t); {
	case t.Kind() == reflect.Interface || n.isCleared():
		return true
	case takesSingle(t):
		return !n.isGroup()
	case !n.isGroup():
		return true // a placeholder, a short form or a mistake
	case t.Kind() == reflect.Struct:
		return slices.ContainsFunc(n.children(), func(child *node) bool { return hasSegment(t, child.name) })
	case isStringMap(t):
		return slices.ContainsFunc(n.children(), func(child *node) bool { return fits(child, t.Elem()) })
	}
	return true
}

// takesSingle reports whether a type is read from a single value or a list: no
// key is below it.
func takesSingle(t reflect.Type) bool {
	t = indirectType(t)
	return isSingle(t) || t.Kind() == reflect.Slice
}

// takesAll reports whether whatever is below a key is read into a t.
func takesAll(t reflect.Type) bool {
	switch t = indirectType(t); {
	case isSingle(t), t.Kind() == reflect.Interface:
		return true
	case t.Kind() == reflect.Slice:
		return takesAll(t.Elem())
	case isStringMap(t):
		return takesAll(t.Elem()) && !isStringMap(indirectType(t.Elem()))
	}
	return false
}

func isStringMap(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Key().Kind() == reflect.String
}

func indirectType(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// nameIn returns the name of an entry in the rest of a variable's name: as few
// words as possible, so that the others can set something in a t.
func (c *Config) nameIn(rest string, t reflect.Type, key string) (name string, ok bool) {
	for i, r := range rest {
		if r != '_' || rest[i-1] == '_' {
			continue
		}
		name := nameOfVariable(rest[:i])
		if below := strings.TrimLeft(rest[i:], "_"); !takesOne(t) && c.canSet(below, t, joinKey(key, name)) {
			return name, true
		}
	}
	name = nameOfVariable(rest)
	return name, c.canSet("", t, joinKey(key, name))
}

// takesOne reports whether a type is read from the variable of its key, and from
// no other.
func takesOne(t reflect.Type) bool {
	t = indirectType(t)
	return isSingle(t) || t.Kind() == reflect.Interface
}

// canSet reports whether a variable can set something in a t at key, if rest is
// what its name has behind that of key.
func (c *Config) canSet(rest string, t reflect.Type, key string) bool {
	switch t = indirectType(t); {
	case t.Kind() == reflect.Interface:
		return true
	case isSingle(t):
		return rest == ""
	case t.Kind() == reflect.Slice:
		_, below, ok := cutIndex(rest)
		return rest == "" || ok && c.canSet(below, t.Elem(), key+"[0]")
	case rest == "":
		return c.formOf(key) != nil
	case t.Kind() == reflect.Struct:
		return c.canSetField(rest, t, key)
	case isStringMap(t):
		_, ok := c.nameIn(rest, t.Elem(), key)
		return ok
	}
	return false
}

func (c *Config) canSetField(rest string, t reflect.Type, key string) bool {
	for i := range t.NumField() {
		f := fieldOf(t.Field(i))
		switch inner := indirectType(t.Field(i).Type); {
		case f.skip:
		case f.squash:
			if inner != t && c.canSetField(rest, inner, key) {
				return true
			}
		default:
			if below, ok := cutKey(rest, f.name); ok && c.canSet(below, inner, joinKey(key, f.name)) {
				return true
			}
		}
	}
	return false
}

// hasSegment reports whether a struct has a field whose key begins with a
// segment.
func hasSegment(t reflect.Type, name string) bool {
	t = indirectType(t)
	for i := range t.NumField() {
		f := fieldOf(t.Field(i))
		switch inner := indirectType(t.Field(i).Type); {
		case f.skip:
		case f.squash:
			if inner != t && hasSegment(inner, name) {
				return true
			}
		case canonicalSegment(splitKey(f.name)[0]) == canonicalSegment(name):
			return true
		}
	}
	return false
}
