// SPDX-License-Identifier: Apache-2.0

package config

import "slices"

// difference returns the keys in whose values two configurations differ.
func (c *Config) difference(before *Config) []string {
	then, now := before.leaves(), c.leaves()
	var keys []string
	for canonical, leaf := range now {
		if was, ok := then[canonical]; !ok || was.text != leaf.text {
			keys = append(keys, leaf.key)
		}
	}
	for canonical, leaf := range then {
		if _, ok := now[canonical]; !ok {
			keys = append(keys, leaf.key)
		}
	}
	slices.Sort(keys)
	return keys
}

type leaf struct{ key, text string }

// leaves returns all values by their canonical keys, placeholders untouched.
func (c *Config) leaves() map[string]leaf {
	all := map[string]leaf{}
	c.merged.Load().root.leaves("", func(key string, n *node) {
		value := c.override(key, n)
		text := value.literal()
		for _, element := range value.list {
			text += "\x00" + element.whole()
		}
		all[canonicalKey(key)] = leaf{key, text}
	})
	return all
}

// whole is all that is in an element of a list, as text.
func (n *node) whole() string {
	text := n.literal()
	for _, element := range n.list {
		text += "\x00" + element.whole()
	}
	for _, child := range n.children() {
		text += "\x00" + child.name + "\x00" + child.whole()
	}
	return text
}
