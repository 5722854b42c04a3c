// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// Tag is one key:"value" pair of a struct tag or a directive.
type Tag struct{ Key, Value string }

// ParseTags splits a struct tag by the convention that reflect.StructTag
// describes. Unlike StructTag.Lookup it sees every key, so that a misspelt one
// is found, and it does not pass over what it cannot read.
func ParseTags(source string) ([]Tag, error) {
	var tags []Tag
	for rest := strings.TrimLeft(source, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
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
			if t.Key == key {
				return nil, fmt.Errorf("its tag has the key %q twice", key)
			}
		}
		tags = append(tags, Tag{key, value})
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
		return rest[:end] + ":" + secret.Hidden
	}
	return rest[:end] + "..."
}

// nearMiss returns the known word that one edit tells from a word, or "".
func nearMiss(word string, known []string) string {
	for _, k := range known {
		if naming.Distance(word, k, 1) == 1 {
			return k
		}
	}
	return ""
}

// didYouMean suggests the known key that a misspelt one is meant to be.
func didYouMean(key string, known []string) string {
	if near := naming.Nearest(key, known); near != "" && near != key {
		return "; did you mean " + near + "?"
	}
	return ""
}

// lookup returns the value of a key, and whether there is one.
func lookup(tags []Tag, key string) (value string, ok bool) {
	for _, t := range tags {
		if t.Key == key {
			return t.Value, true
		}
	}
	return "", false
}
