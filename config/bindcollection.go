// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// list fills a slice from a list, or from text with commas. It is replaced
// whole.
func (b *binder) list(v reflect.Value, key string, n *node) bool {
	n = b.lookUp(key, n)
	if n == nil {
		return false
	}
	found, foundAt := b.resolve(key, n)
	switch {
	case found == nil:
		return false
	case found.isCleared():
		return b.elements(v, foundAt, nil)
	case found.isGroup():
		return b.fail(&Error{
			Origin: n.origin, Key: key,
			Message: "a group of keys is where a list is needed", Want: "write a list, or its elements separated by commas",
		})
	case found.list == nil:
		return b.elements(v, key, splitText(found))
	}
	return b.follow(key, n.origin, foundAt, func() bool { return b.elements(v, foundAt, found.list) })
}

func (b *binder) elements(v reflect.Value, key string, elements []*node) bool {
	before := len(b.errs)
	list := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, element := range elements {
		b.bind(list.Index(i), fmt.Sprintf("%s[%d]", key, i), element)
	}
	if len(b.errs) > before {
		return false
	}
	v.Set(list)
	return true
}

// splitText makes a list of a single value: text is split at its commas, with
// blank elements left out.
func splitText(n *node) []*node {
	text, isText := n.value.(string)
	if !isText {
		return []*node{n}
	}
	var elements []*node
	for element := range strings.SplitSeq(text, ",") {
		if element = strings.TrimSpace(element); element != "" {
			copied := *n
			copied.value, copied.text, copied.final = element, "", true
			elements = append(elements, &copied)
		}
	}
	return elements
}

// mapping adds the keys of the group at key to a map, under the names that
// they were written with. The map that v held is not changed.
func (b *binder) mapping(v reflect.Value, key string, n *node) bool {
	b.cfg.asked.addWhole(key)
	return b.group(key, n, func(key string, n *node) bool {
		b.cfg.asked.addWhole(key)
		names := b.cfg.childNames(key, n)
		if n == nil && len(names) == 0 {
			return false
		}
		merged := reflect.MakeMap(v.Type())
		for iterator := v.MapRange(); iterator.Next(); {
			merged.SetMapIndex(iterator.Key(), iterator.Value())
		}
		for _, name := range names {
			b.entry(merged, key, name, n.find(name))
		}
		v.Set(merged)
		return true
	})
}

func (b *binder) entry(m reflect.Value, key, name string, n *node) {
	at := reflect.ValueOf(name).Convert(m.Type().Key())
	value := reflect.New(m.Type().Elem()).Elem()
	if old := m.MapIndex(at); old.IsValid() && isStructural(value.Type()) {
		value.Set(old)
	}
	if b.bind(value, joinKey(key, name), n) {
		m.SetMapIndex(at, value)
	}
}

// childNames returns the names directly below a key, sorted, those that files
// and code set as they were written. What only the environment sets is one name
// for each variable: it does not tell where one segment ends and the next
// begins.
func (c *Config) childNames(key string, n *node) []string {
	var names []string
	for _, child := range n.children() {
		names = append(names, child.name)
	}
	for name := range c.shortVariable(key) {
		isWritten := slices.ContainsFunc(names, func(written string) bool { return canonicalSegment(written) == canonicalSegment(name) })
		if !isWritten {
			names = append(names, name)
		}
	}
	for _, rest := range c.environment.below(key) {
		isWritten := slices.ContainsFunc(names, func(name string) bool {
			_, ok := cutKey(rest, name)
			return ok
		})
		if !isWritten {
			names = append(names, strings.ReplaceAll(strings.ToLower(rest), "_", "-"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
