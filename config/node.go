// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"slices"
)

// node is one key of the merged settings, or one element of a list. It is
// exactly one of a scalar, a list and a group, and never changes.
type node struct {
	place
	value any              // of a scalar
	list  []*node          // of a list; not nil
	group map[string]*node // of a group, by canonical segment; not nil
}

// newNode builds the tree of what koanf has merged. path is canonical.
func newNode(path string, value any, written places) *node {
	n := &node{place: written[path]}
	switch value := value.(type) {
	case map[string]any:
		n.group = make(map[string]*node, len(value))
		for segment, child := range value {
			n.group[segment] = newNode(joinKey(path, segment), child, written)
		}
	case []any:
		n.list = make([]*node, len(value))
		for i, element := range value {
			n.list[i] = newNode(fmt.Sprintf("%s[%d]", path, i), element, written)
		}
	default:
		n.value = value
	}
	return n
}

// find returns the node of a key below n, or nil.
func (n *node) find(key string) *node {
	for _, segment := range splitKey(key) {
		if n == nil {
			return nil
		}
		n = n.group[canonicalSegment(segment)]
	}
	return n
}

func (n *node) isGroup() bool  { return n != nil && n.group != nil }
func (n *node) isCode() bool   { return n != nil && n.origin.Code }
func (n *node) isScalar() bool { return n != nil && n.group == nil && n.list == nil }

// isCleared reports whether n is written {} or []: there is nothing, whatever
// the type of what is read.
func (n *node) isCleared() bool { return n != nil && !n.isScalar() && len(n.group)+len(n.list) == 0 }

// children returns the keys of a group in the order of their names.
func (n *node) children() []*node {
	if n == nil {
		return nil
	}
	children := make([]*node, 0, len(n.group))
	for _, child := range n.group {
		children = append(children, child)
	}
	slices.SortFunc(children, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	return children
}

// literal is the text of a scalar, as it was written if that is known.
func (n *node) literal() string {
	if n.text != "" {
		return n.text
	}
	return fmt.Sprint(n.value)
}
