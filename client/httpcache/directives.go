// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// directives are those of the Cache-Control headers of a message (RFC 9111,
// section 5.2), by name in lower case.
type directives map[string][]string

// parseDirectives parses all Cache-Control headers. A value may be a quoted string
// or anything else up to a comma.
func parseDirectives(header http.Header) directives {
	d := directives{}
	for _, line := range header["Cache-Control"] {
		for line != "" {
			var name, value string
			name, value, line = parseDirective(line)
			if name != "" {
				d[name] = append(d[name], value)
			}
		}
	}
	return d
}

// parseDirective parses the directive with which a text begins.
func parseDirective(text string) (name, value, rest string) {
	end := strings.IndexAny(text, "=,")
	if end < 0 {
		end = len(text)
	}
	name, rest = strings.TrimLeft(text[:end], " \t"), text[end:]
	value, hasValue := strings.CutPrefix(rest, "=")
	if !hasValue {
		return strings.ToLower(strings.TrimRight(name, " \t")), "", strings.TrimPrefix(rest, ",")
	}
	if quoted, isQuoted := strings.CutPrefix(value, `"`); isQuoted {
		value, rest = unquote(quoted)
		_, rest, _ = strings.Cut(rest, ",")
	} else {
		value, rest, _ = strings.Cut(value, ",")
		value = strings.TrimRight(value, " \t")
	}
	return strings.ToLower(name), value, rest
}

// unquote parses a quoted string behind its first quotation mark.
func unquote(text string) (value, rest string) {
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

func (d directives) has(name string) bool { return len(d[name]) > 0 }

// hasUnqualified reports whether the directive stands without a list of fields.
func (d directives) hasUnqualified(name string) bool {
	for _, value := range d[name] {
		if value == "" {
			return true
		}
	}
	return false
}

// fields returns the header fields to which the directive is limited.
func (d directives) fields(name string) []string {
	var fields []string
	for _, value := range d[name] {
		for field := range strings.SplitSeq(value, ",") {
			if field = strings.TrimSpace(field); field != "" {
				fields = append(fields, http.CanonicalHeaderKey(field))
			}
		}
	}
	return fields
}

// seconds returns the duration of a directive. One that is wrong, or stands twice
// with different values, is present and 0.
func (d directives) seconds(name string) (value time.Duration, present bool) {
	for i, text := range d[name] {
		seconds, ok := parseSeconds(text)
		if !ok || i > 0 && seconds != value {
			return 0, true
		}
		value, present = seconds, true
	}
	return value, present
}

// maxSeconds stands for more (RFC 9111, section 1.2.2).
const maxSeconds = 1 << 31

// parseSeconds parses a number of seconds.
func parseSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxSeconds {
		n = maxSeconds
	}
	return time.Duration(n) * time.Second, true
}
