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

// Append appends the expansion of the template to b. values are in the order of
// the template's names.
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
	e := expansion{behaviour: behaviourOf(p.Operator)}
	e.next = e.first
	for i := range p.Variables {
		if v := &values[p.Variables[i].Index]; !v.IsUndefined() {
			b = e.add(b, &p.Variables[i], v)
		}
	}
	return b
}

// expansion is an expression during its expansion. It returns the bytes instead
// of keeping them, so that a caller's buffer can stay on the stack.
type expansion struct {
	behaviour
	next string // what comes before the next value
}

func (e *expansion) begin(b []byte) []byte {
	b = append(b, e.next...)
	e.next = e.separator
	return b
}

func (e *expansion) add(b []byte, variable *Variable, v *Value) []byte {
	switch {
	case v.Kind == Text:
		b = e.named(e.begin(b), variable.Name, v.Text == "")
		return e.value(b, prefix(v.Text, variable.Prefix))
	case variable.Explode:
		return e.explode(b, variable, v)
	}
	b = e.named(e.begin(b), variable.Name, false)
	return e.join(b, v)
}

func (e *expansion) named(b []byte, name string, isEmpty bool) []byte {
	if !e.isNamed {
		return b
	}
	b = append(b, name...)
	if isEmpty {
		return append(b, e.ifEmpty...)
	}
	return append(b, '=')
}

func (e *expansion) value(b []byte, text string) []byte {
	return appendEscaped(b, text, e.allowsReserved)
}

// join writes a composite value as a single value: a,b,c.
func (e *expansion) join(b []byte, v *Value) []byte {
	for i, member := range v.List {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.value(b, member)
	}
	for i, pair := range v.Pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.value(b, pair[0])
		b = append(b, ',')
		b = e.value(b, pair[1])
	}
	return b
}

// explode writes each member of a composite value as a separate variable.
func (e *expansion) explode(b []byte, variable *Variable, v *Value) []byte {
	for _, member := range v.List {
		b = e.named(e.begin(b), variable.Name, member == "")
		b = e.value(b, member)
	}
	for _, pair := range v.Pairs {
		b = e.value(e.begin(b), pair[0])
		if e.isNamed && pair[1] == "" {
			b = append(b, e.ifEmpty...)
			continue
		}
		b = append(b, '=')
		b = e.value(b, pair[1])
	}
	return b
}

// prefix returns the first n characters of s, or all if n is 0.
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

// appendEscaped percent-encodes all characters except the unreserved ones of
// RFC 3986, section 2.3, and, if allowed, the reserved ones and existing
// percent-encoded characters.
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

// Escape percent-encodes all characters of s except the unreserved ones.
func Escape(s string) string {
	for i := range len(s) {
		if !isUnreserved(s[i]) {
			return string(appendEscaped(make([]byte, 0, len(s)+8), s, false))
		}
	}
	return s
}
