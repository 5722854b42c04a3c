// SPDX-License-Identifier: Apache-2.0

package message

import (
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// NextLink returns the first link of the headers Link with the relation next (RFC
// 8288). A relative link is resolved against location, the URL that has responded,
// which may be nil.
func NextLink(header http.Header, location *url.URL) (link string, ok bool) {
	for link := range linkHeaders(header) {
		if link.isNext(location) {
			return link.resolve(location), true
		}
	}
	return "", false
}

// linkHeader is one link of a Link header (RFC 8288, section 3).
type linkHeader struct {
	target    string // a URI reference
	rel       string // the first parameter of this name
	anchor    string // the first parameter of this name
	hasRel    bool
	hasAnchor bool
}

// linkHeaders returns the links of all Link headers, in their order. Parsing
// follows RFC 8288, appendix B: what stands behind a syntax error in a header
// line is ignored.
func linkHeaders(header http.Header) iter.Seq[linkHeader] {
	return func(yield func(linkHeader) bool) {
		for _, line := range header["Link"] {
			for {
				line = strings.TrimLeft(line, ", \t")
				link, rest, ok := parseLink(line)
				if !ok {
					break
				}
				if !yield(link) {
					return
				}
				line = rest
			}
		}
	}
}

// parseLink parses the link with which a line begins.
func parseLink(line string) (link linkHeader, rest string, ok bool) {
	line, ok = strings.CutPrefix(line, "<")
	if !ok {
		return linkHeader{}, "", false
	}
	link.target, rest, ok = strings.Cut(line, ">")
	for rest = skipSpace(rest); ok && strings.HasPrefix(rest, ";"); rest = skipSpace(rest) {
		var name, value string
		name, value, rest = parseLinkParameter(skipSpace(rest[1:]))
		link.set(name, value)
	}
	if rest != "" && rest[0] != ',' { // no link begins here
		rest = ""
	}
	return link, rest, ok
}

// set keeps a parameter unless it has come before.
func (l *linkHeader) set(name, value string) {
	switch {
	case strings.EqualFold(name, "rel") && !l.hasRel:
		l.rel, l.hasRel = value, true
	case strings.EqualFold(name, "anchor") && !l.hasAnchor:
		l.anchor, l.hasAnchor = value, true
	}
}

// parseLinkParameter parses the parameter with which a text begins. Both name and
// value may be empty.
func parseLinkParameter(text string) (name, value, rest string) {
	end := indexAny(text, " \t=;,")
	name, rest = text[:end], skipSpace(text[end:])
	rest, hasValue := strings.CutPrefix(rest, "=")
	if !hasValue {
		return name, "", rest
	}
	rest = skipSpace(rest)
	if strings.HasPrefix(rest, `"`) {
		value, rest = parseQuoted(rest[1:])
		return name, value, rest
	}
	end = indexAny(rest, ";,")
	return name, strings.TrimRight(rest[:end], " \t"), rest[end:]
}

// parseQuoted parses a quoted string behind its first quotation mark. One without
// an end goes on to the end of the text.
func parseQuoted(text string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:]
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func skipSpace(text string) string { return strings.TrimLeft(text, " \t") }

// indexAny is like [strings.IndexAny], but returns the length of a text that has
// none of the characters.
func indexAny(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

// isNext reports whether the link leads from the given location, which may be nil,
// to the next page.
func (l *linkHeader) isNext(location *url.URL) bool {
	if l.hasAnchor && !leadsTo(location, l.anchor) {
		return false // it is the link of another resource
	}
	for _, relation := range strings.Fields(l.rel) {
		if strings.EqualFold(relation, "next") {
			return true
		}
	}
	return false
}

func leadsTo(location *url.URL, reference string) bool {
	if location == nil {
		return false
	}
	anchor, err := location.Parse(reference)
	return err == nil && anchor.String() == location.String()
}

// resolve returns the target as an absolute URL. A target that cannot be resolved
// is returned as it is, so that a call with it says what is wrong.
func (l *linkHeader) resolve(location *url.URL) string {
	target, err := url.Parse(l.target)
	if err != nil {
		return l.target
	}
	if location != nil {
		target = location.ResolveReference(target)
	}
	target.Fragment, target.RawFragment = "", ""
	return target.String()
}
