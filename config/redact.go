// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// Redacted returns the value of key as it may be shown, with its placeholders
// replaced. It is ****** if key names a secret. What a placeholder stands for is
// ****** if its name, or one that it leads to, is that of a secret; an http URL
// keeps its scheme and host. What is a secret by its form is hidden in every
// value: user and password in URLs and data source names, secret parameters and
// fields, tokens and private keys. It is "" if key is not set, or is set to a
// group of keys. The elements of a list are separated by a comma and a space.
func (c *Config) Redacted(key string) string { return c.redacted(key, c.find(key)) }

// redacted returns the value of key as it may be shown. n is what files and code
// say.
func (c *Config) redacted(key string, n *node) string {
	n = c.override(key, n)
	if n == nil || n.isGroup() {
		return ""
	}
	e := expander{cfg: c, redacts: true}
	found, foundAt, err := e.resolve(key, n)
	switch {
	case err != nil && secret.Key(key):
		return hidden
	case err != nil:
		return secret.Template(n.literal())
	}
	if found.list == nil {
		return redactedText(key, found)
	}
	texts := make([]string, len(found.list))
	for i, element := range found.list {
		resolved, _, err := e.resolve(foundAt, element)
		if err != nil {
			resolved = &node{value: secret.Template(element.literal())}
		}
		texts[i] = redactedText(key, resolved)
	}
	if secret.Key(key) {
		return hidden
	}
	return strings.Join(texts, ", ")
}

// redactedText returns the text of a scalar whose placeholders have been
// replaced.
func redactedText(key string, n *node) string {
	switch {
	case !n.isScalar():
		return ""
	case n.secret && secret.Key(key):
		return hidden
	case n.secret:
		return secret.Value(n.literal())
	}
	return secret.Setting(key, n.literal())
}

// ExpandRedacted replaces the placeholders of a text that is not a setting
// and hides what [Config.Redacted] hides. If a placeholder cannot be replaced,
// all are left as they are written, with the defaults of secret ones hidden.
func (c *Config) ExpandRedacted(text string) string {
	e := expander{cfg: c, redacts: true}
	n, err := e.text(text)
	if err != nil || !n.isScalar() {
		return secret.Template(text)
	}
	return withoutSecrets(n.literal())
}
