// SPDX-License-Identifier: Apache-2.0

package uritemplate

import "unicode/utf8"

// behaviour is a row of the table in RFC 6570, appendix A.
type behaviour struct {
	first, separator string
	isNamed          bool   // values follow their variable's name
	ifEmpty          string // follows the name when the value is empty
	allowsReserved   bool
}

func behaviourOf(operator byte) behaviour {
	switch operator {
	case '+':
		return behaviour{"", ",", false, "", true}
	case '#':
		return behaviour{"#", ",", false, "", true}
	case '.':
		return behaviour{".", ".", false, "", false}
	case '/':
		return behaviour{"/", "/", false, "", false}
	case ';':
		return behaviour{";", ";", true, "", false}
	case '?':
		return behaviour{"?", "&", true, "=", false}
	case '&':
		return behaviour{"&", "&", true, "=", false}
	}
	return behaviour{"", ",", false, "", false}
}

// Append appends the expansion of the template to b. values are those of the
// template's names.
func (t *Template) Append(b []byte, values []Value) []byte {
	for i := range t.Parts {
		b = t.Parts[i].Append(b, values)
	}
	return b
}

// Append appends the expansion of one part to b.
func (p *Part) Append(b []byte, values []Value) []byte {
	if len(p.Variables) == 0 {
		return appendEscaped(b, p.Literal, true)
	}
	e := expansion{behaviour: behaviourOf(p.Operator), bytes: b}
	e.next = e.first
	for i := range p.Variables {
		if v := &values[p.Variables[i].Index]; !v.IsUndefined() {
			e.add(&p.Variables[i], v)
		}
	}
	return e.bytes
}

// expansion is an expression that is being expanded.
type expansion struct {
	behaviour
	bytes []byte
	next  string // what comes before the next value
}

func (e *expansion) begin() {
	e.bytes = append(e.bytes, e.next...)
	e.next = e.separator
}

func (e *expansion) add(variable *Variable, v *Value) {
	switch {
	case v.Kind == Text:
		e.begin()
		e.named(variable.Name, v.Text == "")
		e.value(prefix(v.Text, variable.Prefix))
	case variable.Explode:
		e.explode(variable, v)
	default:
		e.begin()
		e.named(variable.Name, false)
		e.join(v)
	}
}

func (e *expansion) named(name string, isEmpty bool) {
	if !e.isNamed {
		return
	}
	e.bytes = append(e.bytes, name...)
	if isEmpty {
		e.bytes = append(e.bytes, e.ifEmpty...)
	} else {
		e.bytes = append(e.bytes, '=')
	}
}

func (e *expansion) value(text string) { e.bytes = appendEscaped(e.bytes, text, e.allowsReserved) }

// join writes a composite value as one: a,b,c.
func (e *expansion) join(v *Value) {
	for i, member := range v.List {
		if i > 0 {
			e.bytes = append(e.bytes, ',')
		}
		e.value(member)
	}
	for i, pair := range v.Pairs {
		if i > 0 {
			e.bytes = append(e.bytes, ',')
		}
		e.value(pair[0])
		e.bytes = append(e.bytes, ',')
		e.value(pair[1])
	}
}

// explode writes each member of a composite value as if it were a variable.
func (e *expansion) explode(variable *Variable, v *Value) {
	for _, member := range v.List {
		e.begin()
		e.named(variable.Name, member == "")
		e.value(member)
	}
	for _, pair := range v.Pairs {
		e.begin()
		e.value(pair[0])
		if e.isNamed && pair[1] == "" {
			e.bytes = append(e.bytes, e.ifEmpty...)
			continue
		}
		e.bytes = append(e.bytes, '=')
		e.value(pair[1])
	}
}

// prefix returns the first n characters of s, all for n = 0.
func prefix(s string, n int) string {
	if n == 0 || n >= len(s) {
		return s
	}
	end := 0
	for ; n > 0 && end < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end]
}

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986,
// section 2.3, and, where they are allowed, the reserved ones and what is
// percent-encoded already.
func appendEscaped(b []byte, s string, allowsReserved bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || allowsReserved && (isReserved(c) || c == '%' && isEscape(s[i:])) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isReserved(c byte) bool {
	switch c {
	case ':', '/', '?', '#', '[', ']', '@', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=':
		return true
	}
	return false
}

// Escape percent-encodes all but the unreserved characters of s.
func Escape(s string) string {
	for i := range len(s) {
		if !isUnreserved(s[i]) {
			return string(appendEscaped(make([]byte, 0, len(s)+8), s, false))
		}
	}
	return s
}
