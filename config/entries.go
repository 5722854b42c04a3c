// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
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
// stands for. Secrets are hidden as in [Config.Redacted]; a value with a
// placeholder that looks secret is hidden as a whole.
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
	if n.list == nil {
		return shownScalar(key, n)
	}
	elements := make([]string, len(n.list))
	for i, element := range n.list {
		elements[i] = shownScalar(key, element)
		if n.secret || elements[i] == hidden {
			return hidden
		}
	}
	return strings.Join(elements, ", ")
}

func shownScalar(key string, n *node) string {
	text := n.literal()
	if n.secret || strings.Contains(text, "${") && looksSecret(text) {
		return hidden
	}
	return secret.Setting(key, text)
}
