// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Template is a compiled path template: RFC 6570, all levels, with path and query
// apart.
type Template struct {
	Source  string
	Path    []uritemplate.Part // up to the query
	Query   []uritemplate.Part // from the first {?...} or literal '?' on, without it
	Names   []string           // of the variables
	InQuery []bool             // by variable: it stands in the query only
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
	t := &Template{Source: source, Names: parsed.Names, InQuery: make([]bool, len(parsed.Names))}
	for i := range t.InQuery {
		t.InQuery[i] = true
	}
	isQuery := false
	for _, part := range parsed.Parts {
		if err := t.add(part, &isQuery); err != nil {
			return nil, fmt.Errorf("the path %q %w", source, err)
		}
	}
	if err := t.checkSegments(); err != nil {
		return nil, fmt.Errorf("the path %q %w", source, err)
	}
	return t, nil
}

func (t *Template) add(part uritemplate.Part, isQuery *bool) error {
	if len(part.Variables) == 0 {
		return t.addLiteral(part.Literal, isQuery)
	}
	if strings.HasSuffix(t.literalBefore(), "$") {
		return fmt.Errorf("has $%s: write %s", part, part)
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
		if len(t.Query) == 0 && part.Operator == '?' {
			part.Operator = '&' // expandQuery takes the first & off
		}
		t.Query = append(t.Query, part)
		return nil
	}
	t.Path = append(t.Path, part)
	for _, v := range part.Variables {
		t.InQuery[v.Index] = false
	}
	return nil
}

// literalBefore is the literal with which the template ends so far.
func (t *Template) literalBefore() string {
	parts := t.Path
	if len(t.Query) > 0 {
		parts = t.Query
	}
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1].Literal
}

// followsLiteral reports whether the query so far ends with a literal, such as
// "?q=": its value may follow.
func (t *Template) followsLiteral() bool {
	return len(t.Query) > 0 && t.Query[len(t.Query)-1].Literal != ""
}

func (t *Template) addLiteral(literal string, isQuery *bool) error {
	if strings.Contains(literal, "#") {
		return fmt.Errorf("has the character '#', which must be percent-encoded")
	}
	if !*isQuery {
		path, query, found := strings.Cut(literal, "?")
		if path != "" {
			t.Path = append(t.Path, escapedLiteral(path))
		}
		if !found {
			return nil
		}
		*isQuery = true
		literal = query
	}
	if literal != "" {
		t.Query = append(t.Query, escapedLiteral(literal))
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
	for _, part := range t.Path {
		if len(part.Variables) > 0 {
			path.WriteByte('x') // never empty, and no dot
		}
		path.WriteString(part.Literal)
	}
	for segment := range strings.SplitSeq(path.String(), "/") {
		if isDots(segment) {
			return fmt.Errorf("has the segment %q", segment)
		}
		if name, ok := strings.CutPrefix(segment, ":"); ok && isVariable(name) {
			return fmt.Errorf("has the segment %q: write {%s}, or %%3A%s for a colon", segment, name, name)
		}
	}
	return nil
}

// isVariable reports whether a text could be the name of a variable.
func isVariable(name string) bool {
	_, err := uritemplate.Parse("{" + name + "}")
	return err == nil && !strings.ContainsAny(name, "*:,+#./;?&")
}

// hasPrefix reports whether the template takes a prefix of a variable.
func (t *Template) hasPrefix(variable int) bool {
	for _, part := range append(slices.Clone(t.Path), t.Query...) {
		for _, v := range part.Variables {
			if v.Index == variable && v.Prefix > 0 {
				return true
			}
		}
	}
	return false
}

// isDots reports whether a segment is . or .., be it percent-encoded.
func isDots(segment string) bool {
	if len(segment) == 0 || len(segment) > 6 || segment[0] != '.' && segment[0] != '%' {
		return false
	}
	plain := strings.NewReplacer("%2e", ".", "%2E", ".").Replace(segment)
	return plain == "." || plain == ".."
}

// ShownTemplate is a path template that may be printed: its query may hold
// secret values besides variables.
func ShownTemplate(source string) string {
	var b strings.Builder
	isQuery := false
	for source != "" {
		literal, _, _ := strings.Cut(source, "{")
		variable, _, _ := strings.Cut(source[len(literal):], "}")
		source = source[len(literal)+len(variable):]
		if isQuery { // it may go on with &name=value
			b.WriteString(secret.Text("?" + literal)[1:])
		} else {
			b.WriteString(secret.Text(literal))
		}
		b.WriteString(variable)
		isQuery = isQuery || strings.Contains(literal, "?") || strings.HasPrefix(variable, "{?")
	}
	return b.String()
}
