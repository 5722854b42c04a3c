// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"strings"
)

// template is a compiled path template: the expressions {x}, {?a,b} and {&a} of
// RFC 6570. A {x} is one path segment or a part of one: every character but the
// unreserved ones is percent-encoded, so that no value leaves its segment.
type template struct {
	source    string
	path      []part // up to the query
	query     []part // from the first {?...} or literal '?' on, without it
	variables []variable
}

// part is a literal or a variable of a template.
type part struct {
	literal  string
	variable int // index into variables, or -1 for a literal
}

// variable is a place in a template that an argument fills.
type variable struct {
	name    string
	inQuery bool
}

// parseTemplate compiles a template, or says what is wrong with it.
func parseTemplate(source string) (*template, error) {
	t := &template{source: source}
	if !strings.HasPrefix(source, "/") {
		return nil, fmt.Errorf("the path %q does not begin with a slash: write %q", source, "/"+source)
	}
	inQuery := false
	for rest := source; rest != ""; {
		literal, expression, tail, err := nextExpression(rest)
		if err != nil {
			return nil, fmt.Errorf("the path %q %w", source, err)
		}
		rest = tail
		if err := t.addLiteral(literal, &inQuery); err != nil {
			return nil, fmt.Errorf("the path %q %w", source, err)
		}
		if expression != "" {
			if err := t.addExpression(expression, &inQuery); err != nil {
				return nil, fmt.Errorf("the path %q %w", source, err)
			}
		}
	}
	return t, t.checkSegments()
}

// nextExpression splits off the literal up to the next expression, and that.
func nextExpression(s string) (literal, expression, rest string, err error) {
	open := strings.IndexByte(s, '{')
	if end := strings.IndexByte(s, '}'); end >= 0 && (open < 0 || end < open) {
		return "", "", "", fmt.Errorf("has a '}' without a '{'")
	}
	if open < 0 {
		return s, "", "", nil
	}
	length := strings.IndexByte(s[open:], '}')
	if length < 0 {
		return "", "", "", fmt.Errorf("has a '{' without a '}'")
	}
	if length == 1 {
		return "", "", "", fmt.Errorf("has an empty expression {}")
	}
	return s[:open], s[open+1 : open+length], s[open+length+1:], nil
}

func (t *template) addLiteral(literal string, inQuery *bool) error {
	if i := strings.IndexFunc(literal, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^`+"`|#", r) }); i >= 0 {
		return fmt.Errorf("has the character %q, which must be percent-encoded", literal[i])
	}
	if !*inQuery {
		path, query, found := strings.Cut(literal, "?")
		if path != "" {
			t.path = append(t.path, part{path, -1})
		}
		if !found {
			return nil
		}
		*inQuery = true
		literal = query
	}
	if literal != "" {
		t.query = append(t.query, part{literal, -1})
	}
	return nil
}

func (t *template) addExpression(expression string, inQuery *bool) error {
	names := expression
	switch expression[0] {
	case '?':
		if *inQuery {
			return fmt.Errorf("begins the query twice: write {&%s}", expression[1:])
		}
		*inQuery, names = true, expression[1:]
	case '&':
		if !*inQuery {
			return fmt.Errorf("has {%s} before the query begins: write {?%s}", expression, expression[1:])
		}
		names = expression[1:]
	case '+', '#', '.', '/', ';':
		return fmt.Errorf("has {%s}: of RFC 6570 only {x}, {?a,b} and {&a} are known", expression)
	default:
		if *inQuery {
			return fmt.Errorf("has {%s} in the query: write {&%s}", expression, expression)
		}
		if strings.Contains(expression, ",") {
			return fmt.Errorf("has {%s}: a path segment takes one variable", expression)
		}
	}
	for name := range strings.SplitSeq(names, ",") {
		if err := t.addVariable(name, *inQuery); err != nil {
			return err
		}
	}
	return nil
}

func (t *template) addVariable(name string, inQuery bool) error {
	if !isVariableName(name) {
		return fmt.Errorf("has the variable %q: a name is made of letters, digits and underscores", name)
	}
	for _, v := range t.variables {
		if v.name == name {
			return fmt.Errorf("has the variable %q twice", name)
		}
	}
	p := part{variable: len(t.variables)}
	t.variables = append(t.variables, variable{name, inQuery})
	if inQuery {
		t.query = append(t.query, p)
	} else {
		t.path = append(t.path, p)
	}
	return nil
}

func isVariableName(name string) bool {
	for _, r := range name {
		if r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return name != "" && name[0] != '.' && name[len(name)-1] != '.'
}

// checkSegments refuses a path that would be changed on its way.
func (t *template) checkSegments() error {
	var path strings.Builder
	for _, p := range t.path {
		if p.variable >= 0 {
			path.WriteByte('x') // never empty, and no dot
		}
		path.WriteString(p.literal)
	}
	for segment := range strings.SplitSeq(path.String(), "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the path %q has the segment %q", t.source, segment)
		}
	}
	return nil
}

// errSegment says that an argument cannot be a path segment.
type errSegment struct{ name, value string }

func (e errSegment) Error() string {
	if e.value == "" {
		return fmt.Sprintf("the path argument %s is empty", e.name)
	}
	return fmt.Sprintf("the path argument %s makes the path segment %q", e.name, e.value)
}

// expandPath returns the escaped path. values are the arguments, in the order
// of the variables.
func (t *template) expandPath(values []argumentValue) (string, error) {
	if len(t.path) == 1 && t.path[0].variable < 0 {
		return t.path[0].literal, nil
	}
	b := make([]byte, 0, 64)
	for _, p := range t.path {
		if p.variable < 0 {
			b = append(b, p.literal...)
			continue
		}
		value := values[p.variable].text
		if value == "" {
			return "", errSegment{name: t.variables[p.variable].name}
		}
		b = appendEscaped(b, value)
		if dots := lastSegment(b); dots == "." || dots == ".." {
			// A literal that follows may still make it an honest segment,
			// but a value of dots is never a name: refuse it outright.
			return "", errSegment{t.variables[p.variable].name, dots}
		}
	}
	return string(b), nil
}

func lastSegment(path []byte) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return string(path[i+1:])
		}
	}
	return string(path)
}

// expandQuery returns the escaped query without its question mark. Absent
// values are left out with their names.
func (t *template) expandQuery(values []argumentValue) string {
	if len(t.query) == 0 {
		return ""
	}
	b := make([]byte, 0, 64)
	for _, p := range t.query {
		if p.variable < 0 {
			b = append(b, p.literal...)
			continue
		}
		v := values[p.variable]
		if v.absent {
			continue
		}
		if len(b) > 0 && b[len(b)-1] != '&' {
			b = append(b, '&')
		}
		b = append(b, t.variables[p.variable].name...)
		b = append(b, '=')
		b = appendValue(b, v)
	}
	return string(b)
}

// appendValue escapes a value; the members of a list are joined by commas, as
// RFC 6570, section 3.2.8, has it.
func appendValue(b []byte, v argumentValue) []byte {
	if v.list == nil {
		return appendEscaped(b, v.text)
	}
	for i, member := range v.list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEscaped(b, member)
	}
	return b
}

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986,
// section 2.3.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
