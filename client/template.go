// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// template is a compiled path template: RFC 6570, all levels, with path and
// query apart. Beyond the RFC it sees to it that no argument leaves the place
// that the template gives it: no path segment is empty for want of a value, or
// a dot segment, and nothing in the path begins a query or a fragment.
type template struct {
	source  string
	path    []uritemplate.Part // up to the query
	query   []uritemplate.Part // from the first {?...} or literal '?' on, without it
	names   []string           // of the variables
	inQuery []bool             // by variable: it stands in the query only
}

// parseTemplate compiles a template, or says what is wrong with it.
func parseTemplate(source string) (*template, error) {
	if !strings.HasPrefix(source, "/") && !strings.HasPrefix(source, "{/") && !strings.HasPrefix(source, "{+") {
		return nil, fmt.Errorf("the path %q does not begin with a slash: write %q", source, "/"+source)
	}
	parsed, err := uritemplate.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("the path %q %w", source, err)
	}
	t := &template{source: source, names: parsed.Names, inQuery: make([]bool, len(parsed.Names))}
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

func (t *template) add(part uritemplate.Part, isQuery *bool) error {
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
func (t *template) followsLiteral() bool {
	return len(t.query) > 0 && t.query[len(t.query)-1].Literal != ""
}

func (t *template) addLiteral(literal string, isQuery *bool) error {
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
func (t *template) checkSegments() error {
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

// hasPrefix reports whether the template takes a prefix of a variable.
func (t *template) hasPrefix(variable int) bool {
	for _, part := range append(slices.Clone(t.path), t.query...) {
		for _, v := range part.Variables {
			if v.Index == variable && v.Prefix > 0 {
				return true
			}
		}
	}
	return false
}

// errSegment says that an argument cannot stand in a path.
type errSegment struct{ name, value string }

func (e errSegment) Error() string {
	if e.value == "" {
		return fmt.Sprintf("the path argument %s is empty", e.name)
	}
	return fmt.Sprintf("the path argument %s makes the path segment %q", e.name, e.value)
}

// expandPath returns the escaped path. values are the arguments, in the order
// of the variables.
func (t *template) expandPath(values []uritemplate.Value) (string, error) {
	if len(t.path) == 1 && len(t.path[0].Variables) == 0 {
		return t.path[0].Literal, nil
	}
	var room [128]byte
	b := room[:0]
	for i := range t.path {
		part := &t.path[i]
		if len(part.Variables) == 0 {
			b = append(b, part.Literal...)
			continue
		}
		if err := checkPresent(part, values); err != nil {
			return "", err
		}
		before := len(b)
		b = part.Append(b, values)
		if part.Operator == '+' {
			b = closeOff(b, before)
		}
		// A literal that follows may still make dots an honest segment, but
		// a value of dots is never a name: it is refused outright.
		if dots := firstDots(b[before:], b); dots != "" {
			return "", errSegment{part.Variables[0].Name, dots}
		}
	}
	return string(b), nil
}

// checkPresent refuses an argument that would leave a path segment empty. What
// {/x}, {.x} and {;x} expand to brings its own separator and may be left out.
func checkPresent(part *uritemplate.Part, values []uritemplate.Value) error {
	for i := range part.Variables {
		v := &values[part.Variables[i].Index]
		isOptional := part.Operator == '.' || part.Operator == ';' || part.Operator == '/' && v.IsUndefined()
		isEmpty := v.IsUndefined() || v.Kind == uritemplate.Text && v.Text == ""
		if part.Operator == '/' || part.Operator == 0 || part.Operator == '+' {
			for _, member := range v.List {
				isEmpty = isEmpty || member == ""
			}
		}
		if isEmpty && !isOptional {
			return errSegment{name: part.Variables[i].Name}
		}
	}
	return nil
}

// closeOff encodes what {+x} lets through and what would end the path.
func closeOff(b []byte, from int) []byte {
	if !strings.ContainsAny(string(b[from:]), "?#") {
		return b
	}
	closed := strings.NewReplacer("?", "%3F", "#", "%23").Replace(string(b[from:]))
	return append(b[:from], closed...)
}

// firstDots returns the first segment of dots that the last expansion, added,
// has made in the path, or "".
func firstDots(added, path []byte) string {
	start := len(path) - len(added)
	for start > 0 && path[start-1] != '/' {
		start--
	}
	if !bytes.ContainsAny(path[start:], ".%") { // as is mostly so
		return ""
	}
	for segment := range strings.SplitSeq(string(path[start:]), "/") {
		if isDots(segment) {
			return segment
		}
	}
	return ""
}

// isDots reports whether a segment is . or .., be it percent-encoded.
func isDots(segment string) bool {
	if len(segment) == 0 || len(segment) > 6 || segment[0] != '.' && segment[0] != '%' {
		return false
	}
	plain := strings.NewReplacer("%2e", ".", "%2E", ".").Replace(segment)
	return plain == "." || plain == ".."
}

// expandQuery returns the escaped query without its question mark. Absent
// values are left out with their names.
func (t *template) expandQuery(values []uritemplate.Value) string {
	if len(t.query) == 0 {
		return ""
	}
	var room [128]byte
	b := room[:0]
	for i := range t.query {
		b = t.query[i].Append(b, values)
	}
	if len(b) > 0 && b[0] == '&' {
		b = b[1:]
	}
	return string(b)
}
