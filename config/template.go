// SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// part is a piece of a text with placeholders: either a literal or one
// placeholder.
type part struct {
	literal string

	isPlaceholder bool
	name          string // may hold placeholders itself
	fallback      string // may hold placeholders itself
	hasFallback   bool
	text          string // as it may be shown: ${name:...}
}

// parseParts splits a text into literals and placeholders. The error knows
// neither key nor place.
func parseParts(text string) ([]part, *Error) {
	var parts []part
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for text != "" {
		next := strings.Index(text, "${")
		if next < 0 {
			break
		}
		if next > 0 && text[next-1] == '$' {
			literal.WriteString(text[:next-1] + "${")
			text = text[next+2:]
			continue
		}
		literal.WriteString(text[:next])
		flush()
		end := closingBrace(text[next:])
		if end < 0 {
			begin, _, _ := strings.Cut(text[next:], ":") // what follows may be a secret
			return nil, &Error{
				Message: "the placeholder " + begin + " has no end",
				Want:    "close it with }, or write $${ for a literal ${",
			}
		}
		p, err := parsePlaceholder(text[next : next+end+1])
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		text = text[next+end+1:]
	}
	literal.WriteString(text)
	flush()
	return parts, nil
}

// closingBrace returns the index of the brace that ends the placeholder with
// which text begins, or -1.
func closingBrace(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case opens(text, i):
			depth++
			i++
		case text[i] == '}':
			depth--
			if depth == 0 {
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

// withoutFallback is a placeholder as an error may show it: its fallback may be a
// secret.
func withoutFallback(placeholder string) string {
	name, _, found := strings.Cut(placeholder, ":")
	if !found {
		return placeholder
	}
	return name + ":...}"
}

func parsePlaceholder(text string) (part, *Error) {
	inner := text[len("${") : len(text)-1]
	p := part{isPlaceholder: true, name: inner, text: withoutFallback(text)}
	depth := 0
	for i := range len(inner) {
		switch {
		case opens(inner, i):
			depth++
		case inner[i] == '}':
			depth--
		case inner[i] == ':' && depth == 0:
			p.name, p.fallback, p.hasFallback = inner[:i], inner[i+1:], true
		}
		if p.hasFallback {
			break
		}
	}
	p.name = strings.TrimSpace(p.name)
	if p.name == "" {
		return part{}, &Error{
			Message: "the placeholder " + withoutFallback(text) + " names nothing",
			Want:    "write ${name} or ${name:default}, or $${ for a literal ${",
		}
	}
	return p, nil
}
