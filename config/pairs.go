// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// pairs returns, by name, the keys that a text of pairs sets: "X-A: 1; X-B: 2". It is
// nil if the text is none. The values of a name that is given twice are joined with
// commas.
func (f *ShortForm) pairs(n *node) map[string]*node {
	text, isText := n.value.(string)
	if !isText {
		return nil
	}
	all := map[string]*node{}
	for _, pair := range outsidePlaceholders(text, ';') {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		halves := outsidePlaceholders(pair, ':')
		name := strings.TrimSpace(halves[0])
		if len(halves) < 2 || name == "" || strings.ContainsAny(name, ". \t${}") {
			return nil
		}
		value := strings.TrimSpace(strings.Join(halves[1:], ":"))
		key := strings.ToLower(name)
		if before := all[key]; before != nil {
			before.value = before.value.(string) + ", " + value
			continue
		}
		long := *n
		long.name, long.short, long.text, long.value = name, f, "", value
		all[key] = &long
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// outsidePlaceholders splits a text at a separator, but not within placeholders.
func outsidePlaceholders(text string, separator byte) []string {
	var parts []string
	begin := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "$${"): // no placeholder
			i += len("$${") - 1
		case strings.HasPrefix(text[i:], "${"):
			i += placeholder.Length(text[i:]) - 1
		case text[i] == separator:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}
