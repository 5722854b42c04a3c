// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// ParseHeaders reads the tag headers: "Name: value; Other: value".
func ParseHeaders(source string) (http.Header, error) {
	header := http.Header{}
	for field := range strings.SplitSeq(source, ";") {
		if strings.TrimSpace(field) == "" {
			continue
		}
		name, value, found := strings.Cut(field, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found || !isToken(name):
			return nil, fmt.Errorf("%q is no header: write Name: value, and a semicolon between two", strings.TrimSpace(field))
		case strings.ContainsFunc(value, isControl):
			return nil, fmt.Errorf("the value of the header %s has a control character such as a line break", name)
		}
		header.Add(name, value)
	}
	return header, nil
}

// isToken reports whether a text can be the name of a header or cookie (RFC 9110,
// section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// isControl reports whether a rune would end a header early.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// readHeaders reads the tag headers. Its problem holds no secret.
func (c *Client) readHeaders(field string, tag Tag) http.Header {
	headers, err := ParseHeaders(tag.Value)
	switch {
	case err != nil && holdsSecret(tag.Value):
		c.fail(field, "headers: one of them cannot be sent: write Name: value, a semicolon between two, and no line break")
	case err != nil:
		c.fail(field, "headers %q: %v", tag.Value, err)
	}
	return headers
}

// holdsSecret reports whether what a tag declares may not be printed.
func holdsSecret(tag string) bool { return secret.Name(tag) || secret.Template(tag) != tag }
