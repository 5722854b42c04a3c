// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

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
func (t *Template) expandPath(values []uritemplate.Value) (string, error) {
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
func (t *Template) expandQuery(values []uritemplate.Value) string {
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

// checkPath refuses an escaped path that would not arrive as it is.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#\r\n") {
		return fmt.Errorf("%w: its path does not begin with a slash, or is not escaped", port.ErrInvalidRequest)
	}
	if _, err := url.PathUnescape(path); err != nil {
		return fmt.Errorf("%w: its path is not escaped", port.ErrInvalidRequest)
	}
	return checkDots(path, "its path")
}

// checkDots refuses dot segments.
func checkDots(path, what string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if isDots(segment) {
			return fmt.Errorf("%w: %s has the segment %q", port.ErrInvalidRequest, what, segment)
		}
	}
	return nil
}
