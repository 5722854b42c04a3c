// SPDX-License-Identifier: Apache-2.0

// Package uritemplate compiles and expands the URI templates of RFC 6570, all
// four levels. A template is compiled once. An expansion inspects no types and
// allocates only the result.
package uritemplate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Template is a compiled template.
type Template struct {
	Parts []Part   // literals and expressions, in order
	Names []string // names of the variables, without duplicates, in order
}

// Part is a literal, or an expression if it has variables.
type Part struct {
	Literal   string
	Operator  byte // of the expression: one of + # . / ; ? & or 0
	Variables []Variable
}

// Variable is a variable of an expression, {name}, {name:3} or {name*}.
type Variable struct {
	Name    string
	Index   int // index of its name in Names of the template
	Prefix  int // maximum number of characters; 0 for all
	Explode bool
}

// Value is the value of a variable: a text, a list, or pairs of names and
// values. The zero Value is the empty text.
type Value struct {
	Text    string
	List    []string
	Pairs   [][2]string
	Kind    Kind
	Missing bool // the variable is undefined
}

// Kind determines which field of a Value is used.
type Kind uint8

// The kinds of a [Value].
const (
	Text Kind = iota
	List
	Pairs
)

// IsUndefined reports whether the variable is omitted. RFC 6570, section 2.3,
// treats empty lists as undefined.
func (v *Value) IsUndefined() bool {
	return v.Missing || v.Kind == List && len(v.List) == 0 || v.Kind == Pairs && len(v.Pairs) == 0
}

// Parse compiles a template.
func Parse(source string) (*Template, error) {
	t := &Template{}
	for rest := source; rest != ""; {
		literal, expression, tail, err := next(rest)
		if err == nil {
			err = t.addLiteral(literal)
		}
		if err == nil && expression != "" {
			err = t.addExpression(expression[1 : len(expression)-1])
		}
		if err != nil {
			return nil, err
		}
		rest = tail
	}
	return t, nil
}

// next splits off the literal before the next expression, and the expression
// with its braces.
func next(s string) (literal, expression, rest string, err error) {
	open := strings.IndexAny(s, "{}")
	switch {
	case open < 0:
		return s, "", "", nil
	case s[open] == '}':
		return "", "", "", errors.New("has a '}' without a '{'")
	}
	length := strings.IndexByte(s[open:], '}')
	if length < 0 {
		return "", "", "", errors.New("has a '{' without a '}'")
	}
	return s[:open], s[open : open+length+1], s[open+length+1:], nil
}

func (t *Template) addLiteral(literal string) error {
	if literal != "" {
		t.Parts = append(t.Parts, Part{Literal: literal})
	}
	return checkLiteral(literal)
}

func (t *Template) addExpression(source string) error {
	part, err := parseExpression(source)
	for i := range part.Variables {
		part.Variables[i].Index = t.indexOf(part.Variables[i].Name)
	}
	t.Parts = append(t.Parts, part)
	return err
}

func (t *Template) indexOf(name string) int {
	i := slices.Index(t.Names, name)
	if i < 0 {
		i = len(t.Names)
		t.Names = append(t.Names, name)
	}
	return i
}

// checkLiteral rejects characters that section 2.1, with erratum 6937, does not
// permit in a template.
func checkLiteral(literal string) error {
	for _, r := range literal {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>\^`+"`{|}", r) {
			return fmt.Errorf("has the character %q, which must be percent-encoded", r)
		}
	}
	return checkEscapes(literal)
}

func checkEscapes(s string) error {
	for i := range len(s) {
		if s[i] == '%' && !isEscape(s[i:]) {
			return fmt.Errorf("has a '%%' that does not begin a percent-encoded character: write %%25")
		}
	}
	return nil
}

func parseExpression(source string) (Part, error) {
	p := Part{}
	specs := source
	if source != "" && strings.IndexByte("+#./;?&", source[0]) >= 0 {
		p.Operator, specs = source[0], source[1:]
	}
	if specs == "" {
		return p, fmt.Errorf("has an empty expression {%s}", source)
	}
	for spec := range strings.SplitSeq(specs, ",") {
		v, err := parseVariable(spec)
		if err != nil {
			return p, fmt.Errorf("has the expression {%s}: %w", source, err)
		}
		p.Variables = append(p.Variables, v)
	}
	return p, nil
}

func parseVariable(spec string) (Variable, error) {
	v := Variable{Name: spec}
	if name, isExploded := strings.CutSuffix(spec, "*"); isExploded {
		v.Name, v.Explode = name, true
	} else if name, length, found := strings.Cut(spec, ":"); found {
		n, err := strconv.Atoi(length)
		if err != nil || n < 1 || n > 9999 || length[0] == '0' || length[0] == '+' {
			return v, fmt.Errorf("%q is not a valid prefix length: write a number from 1 to 9999", length)
		}
		v.Name, v.Prefix = name, n
	}
	if !isName(v.Name) {
		return v, fmt.Errorf("%q is not a valid variable: a name consists of letters, digits, underscores, and dots between them", v.Name)
	}
	return v, nil
}

func isName(name string) bool {
	if name == "" || name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
		return false
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '%' && isEscape(name[i:]):
			i += 2
		case c != '_' && c != '.' && !isAlphanumeric(c):
			return false
		}
	}
	return true
}

func isEscape(s string) bool { return len(s) > 2 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// String returns the source of a part.
func (p Part) String() string {
	if len(p.Variables) == 0 {
		return p.Literal
	}
	var b strings.Builder
	b.WriteByte('{')
	if p.Operator != 0 {
		b.WriteByte(p.Operator)
	}
	for i, v := range p.Variables {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(v.Name)
		if v.Explode {
			b.WriteByte('*')
		}
		if v.Prefix > 0 {
			b.WriteString(":" + strconv.Itoa(v.Prefix))
		}
	}
	b.WriteByte('}')
	return b.String()
}
