// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"slices"
	"strings"
	"unicode"
)

// initialisms are the words that Go writes in upper case, as its style checkers
// know them.
var initialisms = []string{
	"ACL", "API", "ASCII", "AWS", "CPU", "CSS", "CSV", "DB", "DNS", "EOF", "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "JWT",
	"LHS", "OS", "PDF", "QPS", "RAM", "RHS", "RPC", "SLA", "SMTP", "SQL", "SSH", "SSO", "TCP", "TLS", "TTL", "UDP", "UI", "UID", "URI",
	"URL", "URN", "UTF8", "UUID", "VAT", "VM", "XML", "XMPP", "XSRF", "XSS", "YAML",
}

// mixedCase are words with a capital letter inside.
var mixedCase = []string{"OAuth", "IPv4", "IPv6", "GraphQL", "GRPC", "DevOps"}

// SnakeCase turns a Go name into the form of query parameters: "pageSize" into
// "page_size". Initialisms and their plurals are one word, "productIDs" becomes
// "product_ids", and digits belong to the word before them.
func SnakeCase(name string) string {
	var words []string
	for part := range strings.SplitSeq(name, "_") {
		for part != "" {
			word := firstWord(part)
			part = part[len(word):]
			words = append(words, splitInitialisms(word)...)
		}
	}
	return strings.ToLower(strings.Join(words, "_"))
}

// firstWord returns the word with which a name begins. Initialisms that follow each
// other are still one.
func firstWord(name string) string {
	for _, word := range mixedCase {
		if len(name) >= len(word) && strings.EqualFold(name[:1], word[:1]) && name[1:len(word)] == word[1:] {
			if end := len(word) + prefix(name[len(word):], unicode.IsDigit); !beginsWith(name[end:], unicode.IsLower) {
				return name[:end]
			}
		}
	}
	upper := prefix(name, unicode.IsUpper)
	rest := name[upper:]
	switch runes := []rune(name[:upper]); {
	case len(runes) > 1 && strings.HasPrefix(rest, "s") && !beginsWith(rest[1:], unicode.IsLower):
		return name[:upper+1] // a plural
	case len(runes) > 1 && beginsWith(rest, unicode.IsLower):
		return string(runes[:len(runes)-1])
	case len(runes) > 1:
		return name[:upper+prefix(rest, unicode.IsDigit)]
	}
	return name[:upper+prefix(rest, func(r rune) bool { return !unicode.IsUpper(r) })]
}

// prefix returns the length of the prefix of s whose characters are all of a kind.
func prefix(s string, isOfKind func(rune) bool) int {
	end := strings.IndexFunc(s, func(r rune) bool { return !isOfKind(r) })
	if end < 0 {
		return len(s)
	}
	return end
}

func beginsWith(s string, isOfKind func(rune) bool) bool { return prefix(s, isOfKind) > 0 }

// splitInitialisms divides a word that is made of initialisms alone: "XMLHTTP" into
// "XML" and "HTTP".
func splitInitialisms(word string) []string {
	singular := strings.TrimSuffix(word, "s")
	if slices.Contains(initialisms, singular) {
		return []string{word}
	}
	for _, first := range initialisms {
		rest, ok := strings.CutPrefix(word, first)
		if !ok || rest == "" {
			continue
		}
		if others := splitInitialisms(rest); slices.Contains(initialisms, strings.TrimSuffix(others[len(others)-1], "s")) {
			return append([]string{first}, others...)
		}
	}
	return []string{word}
}

// Fits reports whether the name of a parameter fits the name of a variable or of a
// query parameter: their letters and digits are equal, ignoring case.
func Fits(parameter, variable string) bool {
	return bareName(parameter) != "" && bareName(parameter) == bareName(variable)
}

func bareName(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
