// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// tag is one key:"value" pair of a struct tag.
type tag struct{ key, value string }

// parseTag splits a struct tag by the convention that reflect.StructTag
// describes. Unlike StructTag.Lookup it sees every key, so that a misspelt one
// is found, and it does not pass over what it cannot read.
func parseTag(source reflect.StructTag) ([]tag, error) {
	var tags []tag
	for rest := strings.TrimLeft(string(source), " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		key, quoted, found := strings.Cut(rest, ":")
		if !found || key == "" || strings.ContainsAny(key, "\" \t\n") || !strings.HasPrefix(quoted, `"`) {
			return nil, fmt.Errorf("its tag cannot be read at %q: write key:\"value\" pairs with a space between", shownTag(rest))
		}
		literal, err := strconv.QuotedPrefix(quoted)
		if err != nil {
			return nil, fmt.Errorf("its tag cannot be read at %q: a closing quote is missing", shownTag(rest))
		}
		value, err := strconv.Unquote(literal)
		if err != nil {
			return nil, fmt.Errorf("its tag cannot be read at %q: %w", shownTag(rest), err)
		}
		for _, t := range tags {
			if t.key == key {
				return nil, fmt.Errorf("its tag has the key %q twice", key)
			}
		}
		tags = append(tags, tag{key, value})
		rest = quoted[len(literal):]
	}
	return tags, nil
}

// shownTag is the rest of a tag that may be printed: its key. A value may hold a
// secret, and without its quotes nobody knows where it ends.
func shownTag(rest string) string {
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch {
	case end < 0:
		return rest
	case rest[end] == ':':
		return rest[:end] + ":" + hidden
	}
	return rest[:end] + "..."
}
