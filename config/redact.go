// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// Redacted returns the value of key as it may be shown, with its placeholders
// replaced. It is ****** if the last segment of key names a secret. What a
// placeholder stands for is ****** if its name, or one that it leads to, is that
// of a secret; an http URL keeps its scheme and host. User info and secret query
// parameters of URLs are hidden. It is "" if key is not set, or is set to a group
// of keys. The elements of a list are separated by a comma and a space.
func (c *Config) Redacted(key string) string { return c.redacted(key, c.find(key)) }

// redacted returns the value of key as it may be shown. n is what files and code
// say.
func (c *Config) redacted(key string, n *node) string {
	n = c.override(key, n)
	if n == nil || n.isGroup() {
		return ""
	}
	if _, last := cutLast(key); looksSecret(last) {
		return hidden
	}
	e := expander{cfg: c, redacts: true}
	found, foundAt, err := e.resolve(key, n)
	if err != nil {
		return secret.Template(n.literal())
	}
	if found.list == nil {
		return redactedText(found)
	}
	texts := make([]string, len(found.list))
	for i, element := range found.list {
		resolved, _, err := e.resolve(foundAt, element)
		if err != nil {
			resolved = &node{value: secret.Template(element.literal())}
		}
		texts[i] = redactedText(resolved)
	}
	return strings.Join(texts, ", ")
}

// redactedText returns the text of a scalar whose placeholders have been
// replaced.
func redactedText(n *node) string {
	switch {
	case !n.isScalar():
		return ""
	case n.secret:
		return secret.Value(n.literal())
	}
	return withoutURLSecrets(n.literal())
}

// ExpandRedacted replaces the placeholders of a text that is no setting itself
// and hides what [Config.Redacted] hides. If a placeholder cannot be replaced,
// all are left as they are written, with the defaults of secret ones hidden.
func (c *Config) ExpandRedacted(text string) string {
	e := expander{cfg: c, redacts: true}
	n, err := e.text(text)
	if err != nil || !n.isScalar() {
		return secret.Template(text)
	}
	return withoutURLSecrets(n.literal())
}
