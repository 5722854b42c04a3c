// SPDX-License-Identifier: Apache-2.0

// Package placeholder splits texts into literals and placeholders: ${name} and
// ${name:default}. Names and defaults may contain placeholders and pairs of
// braces; $${ is a literal ${.
package placeholder

import (
	"errors"
	"strings"
)

// Part is a literal or a placeholder.
type Part struct {
	Source        string // as written
	Literal       string // text of a literal, with ${ for $${
	IsPlaceholder bool
	Name          string // as written, without surrounding space
	Default       string // as written
	HasDefault    bool
}

var (
	// ErrUnclosed is returned by Parse for a placeholder without a closing
	// brace.
	ErrUnclosed = errors.New("a placeholder is not closed")
	// ErrNameless is returned by Parse for a placeholder without a name.
	ErrNameless = errors.New("a placeholder has no name")
)

// Parse splits a text. The concatenated sources of the parts are the text.
// After an error, the last part is the rest of the text, beginning with the
// invalid placeholder.
func Parse(text string) ([]Part, error) {
	var parts []Part
	literal, begin := strings.Builder{}, 0
	flush := func(end int) {
		if end > begin {
			parts = append(parts, Part{Source: text[begin:end], Literal: literal.String()})
		}
		literal.Reset()
	}
	at := 0
	for {
		next := strings.Index(text[at:], "${")
		if next < 0 {
			break
		}
		next += at
		if next > 0 && text[next-1] == '$' {
			literal.WriteString(text[at:next-1] + "${")
			at = next + len("${")
			continue
		}
		literal.WriteString(text[at:next])
		flush(next)
		end := closingBrace(text[next:])
		if end < 0 {
			return append(parts, Part{Source: text[next:]}), ErrUnclosed
		}
		at = next + end + 1
		begin = at
		p := parse(text[next:at])
		if p.Name == "" {
			p.Source = text[next:]
			return append(parts, p), ErrNameless
		}
		parts = append(parts, p)
	}
	literal.WriteString(text[at:])
	flush(len(text))
	return parts, nil
}

// Length returns the length of the placeholder at the beginning of text, or 1
// if it is not closed.
func Length(text string) int { return max(closingBrace(text), 0) + 1 }

func parse(source string) Part {
	p := Part{Source: source, IsPlaceholder: true}
	inner := source[len("${") : len(source)-1]
	colon := colonOf(inner)
	if colon < 0 {
		p.Name = strings.TrimSpace(inner)
		return p
	}
	p.Name, p.Default, p.HasDefault = strings.TrimSpace(inner[:colon]), inner[colon+1:], true
	return p
}

// colonOf returns the index of the colon that ends the name, or -1.
func colonOf(inner string) int {
	depth := 0
	for i := range len(inner) {
		switch {
		case opens(inner, i):
			depth++
		case inner[i] == '}':
			depth--
		case inner[i] == ':' && depth == 0:
			return i
		}
	}
	return -1
}

// closingBrace returns the index of the brace that closes the placeholder at
// the beginning of text, or -1. Braces within it must be balanced; otherwise,
// braces that do not open a placeholder are ignored.
func closingBrace(text string) int {
	if end := matchingBrace(text, true); end >= 0 {
		return end
	}
	return matchingBrace(text, false)
}

func matchingBrace(text string, inPairs bool) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case opens(text, i):
			depth++
			i++
		case text[i] == '{' && inPairs:
			depth++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// opens reports whether a placeholder begins at index i.
func opens(text string, i int) bool {
	return strings.HasPrefix(text[i:], "${") && (i == 0 || text[i-1] != '$')
}

// WithoutDefaults returns a text that may be shown: defaults, which may be
// secret, are replaced by "...". The text is truncated at an invalid
// placeholder.
func WithoutDefaults(text string) string {
	parts, err := Parse(text)
	if err != nil {
		parts = parts[:len(parts)-1]
	}
	var b strings.Builder
	for _, p := range parts {
		if !p.IsPlaceholder {
			b.WriteString(p.Source)
			continue
		}
		b.WriteString("${" + WithoutDefaults(p.Name))
		if p.HasDefault {
			b.WriteString(":...")
		}
		b.WriteString("}")
	}
	if err != nil {
		b.WriteString("...")
	}
	return b.String()
}
