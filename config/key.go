// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
)

var withoutSeparators = strings.NewReplacer("-", "", "_", "")

// canonicalSegment is the form in which segments are compared: lower case, no
// dashes, no underscores.
func canonicalSegment(segment string) string {
	lower := strings.ToLower(segment)
	if canonical := withoutSeparators.Replace(lower); canonical != "" {
		return canonical
	}
	return lower // "-" and "_" are themselves
}

// canonicalKey is the form in which keys are compared.
func canonicalKey(key string) string {
	return strings.Join(canonicalPath(splitKey(key)), ".")
}

func canonicalPath(path []string) []string {
	canonical := make([]string, len(path))
	for i, segment := range path {
		canonical[i] = canonicalSegment(segment)
	}
	return canonical
}

// splitKey returns the segments of a key; the empty key, which names the root,
// has none.
func splitKey(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

func joinKey(prefix, key string) string {
	if prefix == "" || key == "" {
		return prefix + key
	}
	return prefix + "." + key
}

// isBelow reports whether a canonical key is prefix or has it as its first
// segments.
func isBelow(canonical, prefix string) bool {
	rest, found := strings.CutPrefix(canonical, prefix)
	return found && (prefix == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}
