// SPDX-License-Identifier: Apache-2.0

package settings

import "strings"

// isToken reports whether a text is a valid header name (RFC 9110, section
// 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// isControl reports whether a rune is not allowed in a header value.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
