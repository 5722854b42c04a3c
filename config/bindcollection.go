// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// list fills a slice from a list, from text with commas, or from variables for
// its elements. It is replaced whole.
func (b *binder) list(v reflect.Value, key string, n *node) bool {
	n = b.lookUp(key, n)
	if n == nil {
		return len(b.cfg.environment().indices(key)) > 0 && b.elements(v, key, nil, nil)
	}
	found, foundAt := b.resolve(key, n)
	switch {
	case found == nil:
		return false
	case found.isCleared():
		return b.elements(v, foundAt, found, nil)
	case found.isGroup():
		return b.fail(&Error{
			Origin: n.origin, Key: key,
			Message: "a group of keys is where a list is needed", Want: "write a list, or its elements separated by commas",
		})
	case found.list == nil:
		return b.elements(v, key, found, splitText(found))
	}
	return b.follow(key, n.origin, foundAt, func() bool { return b.elements(v, foundAt, found, found.list) })
}

// elements reads the elements of a list, which n holds; nil if only variables do.
func (b *binder) elements(v reflect.Value, key string, n *node, elements []*node) bool {
	defer b.record.enterValue()()
	before := len(b.errs)
	list := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, element := range elements {
		b.bind(list.Index(i), fmt.Sprintf("%s[%d]", key, i), element)
	}
	if !n.isCode() {
		list = b.moreElements(list, key)
	}
	if len(b.errs) > before || n == nil && list.Len() == 0 {
		return false
	}
	v.Set(list)
	return true
}

// moreElements appends what only variables hold: A_HOSTS_2 is the third element
// of a.hosts.
func (b *binder) moreElements(list reflect.Value, key string) reflect.Value {
	indices := b.cfg.environment().indices(key)
	for len(indices) > 0 && indices[len(indices)-1] >= list.Len() {
		i, before := list.Len(), len(b.errs)
		fresh := reflect.New(list.Type().Elem()).Elem()
		isSet := b.bind(fresh, fmt.Sprintf("%s[%d]", key, i), nil)
		if !isSet && len(b.errs) == before {
			if last := indices[len(indices)-1]; last > i {
				b.fail(&Error{
					Origin: b.cfg.environment().originOf(fmt.Sprintf("%s[%d]", key, last)), Key: fmt.Sprintf("%s[%d]", key, last),
					Message: fmt.Sprintf("the list has no element %d", i), Want: "number the elements from 0 on without a gap",
				})
			}
			return list
		}
		list = reflect.Append(list, fresh)
	}
	return list
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
	takesAll := takesAll(v.Type())
	b.cfg.asked.note(key, takesAll)
	return b.group(key, n, func(key string, n *node) bool {
		b.cfg.asked.note(key, takesAll)
		entries := b.cfg.entriesOf(key, n, v.Type().Elem())
		if n == nil && len(entries) == 0 {
			return false
		}
		merged := reflect.MakeMap(v.Type())
		for iterator := v.MapRange(); iterator.Next(); {
			merged.SetMapIndex(iterator.Key(), iterator.Value())
		}
		for _, e := range entries {
			b.entry(merged, key, e)
		}
		v.Set(merged)
		return true
	})
}

func (b *binder) entry(m reflect.Value, key string, e mapEntry) {
	at := reflect.ValueOf(e.name).Convert(m.Type().Key())
	value := reflect.New(m.Type().Elem()).Elem()
	if old := m.MapIndex(at); old.IsValid() && isStructural(value.Type()) {
		value.Set(old)
	}
	defer b.record.enter(e.name)()
	if b.bind(value, joinKey(key, e.name), e.node) {
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
	for _, rest := range c.environment().below(key) {
		isWritten := slices.ContainsFunc(names, func(name string) bool {
			_, ok := cutKey(rest, name)
			return ok
		})
		if !isWritten {
			names = append(names, nameOfVariable(rest))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nameOfVariable is a part of a variable's name as a key has it: "X_ID" is x-id.
func nameOfVariable(part string) string {
	return strings.ReplaceAll(strings.ToLower(part), "_", "-")
}

// indices returns the numbers of elements that variables set in the list at key,
// sorted.
func (e *environment) indices(key string) []int {
	var indices []int
	for _, rest := range e.below(key) {
		if i, _, ok := cutIndex(rest); ok {
			indices = append(indices, i)
		}
	}
	slices.Sort(indices)
	return indices
}

// cutIndex cuts the number of an element off: "2_URL" is of element 2.
func cutIndex(rest string) (index int, below string, ok bool) {
	digits, below, _ := strings.Cut(rest, "_")
	index, err := strconv.Atoi(digits)
	return index, below, err == nil && isDigits(digits)
}

// originOf returns the first variable that sets key or something below it.
func (e *environment) originOf(key string) Origin {
	for _, v := range e.variables() {
		if _, ok := cutKey(v.setsAs, key); ok {
			return Origin{Env: v.name}
		}
	}
	return Origin{}
}
