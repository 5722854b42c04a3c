// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pyfly-go/pyfly/internal/declaration"
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

func newTemplate(t *declaration.Template) *template {
	return &template{source: t.Source, path: t.Path, query: t.Query, names: t.Names, inQuery: t.InQuery}
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
