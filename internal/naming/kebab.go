// SPDX-License-Identifier: Apache-2.0

// Package naming converts Go names to the names of settings.
package naming

import (
	"strings"
	"unicode"
)

// KebabCase converts a Go name to the form of settings: "PaymentClient" to
// "payment-client", "HTTPProxy" to "http-proxy".
func KebabCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) {
			afterLower := !unicode.IsUpper(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || beforeLower {
				b.WriteByte('-')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
