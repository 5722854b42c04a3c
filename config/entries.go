// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"slices"
	"strings"
)

// Entry is a setting as it may be shown: for listings of the configuration.
type Entry struct {
	Key    string `json:"key"`    // as written
	Value  string `json:"value"`  // as written, placeholders and all; ****** if its key looks secret
	Origin string `json:"origin"` // where it was written
}

// Entries returns the settings below prefix, sorted by key; the prefix "" is the
// root. A key that only the environment sets is written as it has been asked for,
// or, if nothing has, as a guess; a short form is listed as the keys that it
// stands for. Secrets are hidden: values of keys that look secret, user info and
// secret query parameters in URLs, and values with placeholders that look secret.
func (c *Config) Entries(prefix string) []Entry {
	var entries []Entry
	add := func(key string, n *node) {
		if isBelow(canonicalKey(key), canonicalKey(prefix)) {
			entries = append(entries, Entry{key, shownText(key, n), n.origin.String()})
		}
	}
	c.visit(add, add, c.asked.all())
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	return entries
}

// shownText is what a key is set to, as it may be shown.
func shownText(key string, n *node) string {
	text := n.literal()
	if n.list != nil {
		elements := make([]string, len(n.list))
		for i, element := range n.list {
			elements[i] = element.literal()
		}
		text = strings.Join(elements, ", ")
	}
	if n.secret || looksSecret(key) || strings.Contains(text, "${") && looksSecret(text) {
		return hidden
	}
	return withoutURLSecrets(text)
}
