// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Template is a compiled path template: RFC 6570, all levels, with path and
// query apart. Beyond the RFC it sees to it that no argument leaves the place
// that the template gives it: no path segment is empty for want of a value, or
// a dot segment, and nothing in the path begins a query or a fragment.
type Template struct {
	source  string
	path    []uritemplate.Part // up to the query
	query   []uritemplate.Part // from the first {?...} or literal '?' on, without it
	inQuery []bool             // by variable: it stands in the query only

	// Names are those of the variables, each once, in order.
	Names []string
}

// ParseTemplate compiles a template, or says what is wrong with it.
func ParseTemplate(source string) (*Template, error) {
	if !strings.HasPrefix(source, "/") && !strings.HasPrefix(source, "{/") && !strings.HasPrefix(source, "{+") {
		return nil, fmt.Errorf("the path %q does not begin with a slash: write %q", source, "/"+source)
	}
	parsed, err := uritemplate.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("the path %q %w", source, err)
	}
	t := &Template{source: source, Names: parsed.Names, inQuery: make([]bool, len(parsed.Names))}
	for i := range t.inQuery {
		t.inQuery[i] = true
	}
	isQuery := false
	for _, part := range parsed.Parts {
		if err := t.add(part, &isQuery); err != nil {
			return nil, fmt.Errorf("the path %q %w", source, err)
		}
	}
	return t, t.checkSegments()
}

func (t *Template) add(part uritemplate.Part, isQuery *bool) error {
	if len(part.Variables) == 0 {
		return t.addLiteral(part.Literal, isQuery)
	}
	switch {
	case part.Operator == '#':
		return fmt.Errorf("has %s: a fragment is not sent", part)
	case part.Operator == '?' && *isQuery:
		return fmt.Errorf("begins the query twice: write {&%s", part.String()[2:])
	case part.Operator == '?':
		*isQuery = true
	case part.Operator == '&' && !*isQuery:
		return fmt.Errorf("has %s before the query begins: write {?%s", part, part.String()[2:])
	}
	if *isQuery {
		if part.Operator != '?' && part.Operator != '&' && !t.followsLiteral() {
			return fmt.Errorf("has %s in the query: write {&%s", part, strings.TrimLeft(part.String(), "{+./;"))
		}
		if len(t.query) == 0 && part.Operator == '?' {
			part.Operator = '&' // expandQuery takes the first & off
		}
		t.query = append(t.query, part)
		return nil
	}
	t.path = append(t.path, part)
	for _, v := range part.Variables {
		t.inQuery[v.Index] = false
	}
	return nil
}

// followsLiteral reports whether the query so far ends with a literal, such as
// "?q=": its value may follow.
func (t *Template) followsLiteral() bool {
	return len(t.query) > 0 && t.query[len(t.query)-1].Literal != ""
}

func (t *Template) addLiteral(literal string, isQuery *bool) error {
	if strings.Contains(literal, "#") {
		return fmt.Errorf("has the character '#', which must be percent-encoded")
	}
	if !*isQuery {
		path, query, found := strings.Cut(literal, "?")
		if path != "" {
			t.path = append(t.path, escapedLiteral(path))
		}
		if !found {
			return nil
		}
		*isQuery = true
		literal = query
	}
	if literal != "" {
		t.query = append(t.query, escapedLiteral(literal))
	}
	return nil
}

// escapedLiteral percent-encodes once what every call would else.
func escapedLiteral(literal string) uritemplate.Part {
	part := uritemplate.Part{Literal: literal}
	part.Literal = string(part.Append(nil, nil))
	return part
}

// checkSegments refuses a path that would be changed on its way.
func (t *Template) checkSegments() error {
	var path strings.Builder
	for _, part := range t.path {
		if len(part.Variables) > 0 {
			path.WriteByte('x') // never empty, and no dot
		}
		path.WriteString(part.Literal)
	}
	for segment := range strings.SplitSeq(path.String(), "/") {
		if isDots(segment) {
			return fmt.Errorf("the path %q has the segment %q", t.source, segment)
		}
	}
	return nil
}

// InQuery reports whether a variable, given by its index, stands in the query only.
func (t *Template) InQuery(variable int) bool { return t.inQuery[variable] }

// HasPrefix reports whether the template takes a prefix of a variable.
func (t *Template) HasPrefix(variable int) bool {
	for _, part := range append(slices.Clone(t.path), t.query...) {
		for _, v := range part.Variables {
			if v.Index == variable && v.Prefix > 0 {
				return true
			}
		}
	}
	return false
}
