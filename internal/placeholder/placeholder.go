// SPDX-License-Identifier: Apache-2.0

// Package placeholder splits texts into literals and placeholders: ${name} and
// ${name:default}. A name and a default may hold placeholders and pairs of
// braces; $${ is a literal ${.
package placeholder

import (
	"errors"
	"strings"
)

// Part is a piece of a text: a literal or a placeholder.
type Part struct {
	Source        string // as it is written
	Literal       string // of a literal, with ${ for $${
	IsPlaceholder bool
	Name          string // as it is written, without space around it
	Default       string // as it is written
	HasDefault    bool
}

var (
	// ErrUnclosed is returned by Parse for a placeholder without an end.
	ErrUnclosed = errors.New("a placeholder has no end")
	// ErrNameless is returned by Parse for a placeholder without a name.
	ErrNameless = errors.New("a placeholder names nothing")
)

// Parse splits a text. Sources of the parts make up the text; after an error
// the last part begins with the placeholder that is wrong and is the rest of
// the text.
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

// Length returns how long the placeholder is with which text begins, or 1 if it
// has no end.
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

// closingBrace returns the index of the brace that ends the placeholder with
// which text begins, or -1. Braces in it come in pairs; if they do not, those
// that open no placeholder do not count.
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

// WithoutDefaults returns a text as it may be shown: with ... for each default,
// which may be a secret. It is cut where a placeholder is wrong.
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
