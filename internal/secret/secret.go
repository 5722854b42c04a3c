// SPDX-License-Identifier: Apache-2.0

// Package secret knows by their names what must not be shown, and hides it in
// texts.
package secret

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// Hidden is shown in place of a secret.
const Hidden = "******"

// stems are what the names of secrets end in, or one of their words does, by
// their first letters.
var stems = ['z' + 1][]string{
	'a': {"authorization", "apikey", "accesskey"},
	'c': {"credential", "cookie"},
	'e': {"encryptionkey"},
	'p': {"password", "passwd", "pwd", "passphrase", "privatekey"},
	's': {"secret", "secretkey", "signingkey"},
	't': {"token"},
}

// longest is the length up to which a name is looked at without allocating.
const longest = 64

// Name reports whether a name, of a setting, an environment variable, a header
// or an attribute, says that its value is a secret: one of its words ends in
// password, token, api-key and the like, in the singular or the plural. Case
// and punctuation do not matter: clientSecret, X-Api-Key, DB_PASSWORD and
// authtoken are secrets, secretary and tokenizer are none.
func Name(name string) bool {
	if !holdsStem(name) {
		return false
	}
	words := strings.FieldsFunc(naming.KebabCase(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	letters := ""
	for _, word := range words {
		letters += word
		if endsInStem(letters) || endsInStem(strings.TrimSuffix(letters, "s")) {
			return true
		}
	}
	return false
}

func endsInStem(letters string) bool {
	for i := range len(letters) {
		if slices.Contains(stemsOf(letters[i]), letters[i:]) {
			return true
		}
	}
	return false
}

func stemsOf(first byte) []string {
	if int(first) >= len(stems) {
		return nil
	}
	return stems[first]
}

// Parameter reports whether the name of a query parameter says that its value
// is a secret. It is stricter than [Name]: a stem may stand anywhere, and key,
// auth, sig and signature are secrets too.
func Parameter(name string) bool {
	bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	return bare == "key" || bare == "sig" || bare == "auth" || strings.Contains(bare, "signature") || holdsStem(bare)
}

// holdsStem reports whether a stem stands anywhere in name, whatever its case
// and punctuation.
func holdsStem(name string) bool {
	var stack [longest]byte
	bare := stack[:0]
	if len(name) > longest {
		bare = make([]byte, 0, len(name))
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			bare = append(bare, c+'a'-'A')
		case 'a' <= c && c <= 'z':
			bare = append(bare, c)
		}
	}
	for i, first := range bare {
		for _, stem := range stems[first] {
			if rest := bare[i:]; len(rest) >= len(stem) && string(rest[:len(stem)]) == stem {
				return true
			}
		}
	}
	return false
}

var parameter = regexp.MustCompile(`[?&;]([^=&;#\s]+)=([^&;#\s"'<>)]+)`)

// URLs hides in a text what is secret in URLs: user and password, and the
// values of query parameters that are a secret by their name.
func URLs(text string) string { return URLsWith(text, func(string) bool { return false }) }

// URLsWith is [URLs] with further names of query parameters that are secrets.
func URLsWith(text string, isSecret func(name string) bool) string {
	return withoutParameters(withoutUserInfo(text, isNumber), isSecret)
}

// Setting is [URLs] for the value of a setting, which a person may have written
// without escaping it: a password may hold a slash, also behind digits.
func Setting(text string) string {
	never := func(string) bool { return false }
	return withoutParameters(withoutUserInfo(text, never), never)
}

func withoutParameters(text string, isSecret func(name string) bool) string {
	if query := strings.IndexByte(text, '?'); query < 0 || strings.IndexByte(text[query:], '=') < 0 {
		return text
	}
	var b strings.Builder
	end := 0
	for _, at := range parameter.FindAllStringSubmatchIndex(text, -1) {
		if name := text[at[2]:at[3]]; Parameter(name) || isSecret(name) {
			b.WriteString(text[end:at[4]] + Hidden)
			end = at[5]
		}
	}
	if end == 0 {
		return text
	}
	return b.String() + text[end:]
}

// withoutUserInfo hides what stands before the @ of an authority.
func withoutUserInfo(text string, isPort func(string) bool) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		if end := userInfo(rest, isPort); end >= 0 {
			b.WriteString(Hidden)
			rest = rest[end:]
		}
		text = rest
	}
}

// userInfo returns the index of the @ that ends the user and password with which
// a text begins, or -1. A password that was not escaped may hold slashes: what
// is no port behind a colon is one.
func userInfo(text string, isPort func(string) bool) int {
	end, isInside, colon := -1, true, -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			return end
		case c == '@':
			end = i
		case !isInside:
		case strings.HasPrefix(text[i:], "${"):
			i += placeholder.Length(text[i:]) - 1
		case c == '[' && i == 0: // an IPv6 address
			i = max(strings.IndexByte(text, ']'), 0)
		case c == ':' && colon < 0:
			colon = i
		case c == '/' || c == '?' || c == '#':
			if end >= 0 || colon < 0 || isPort(text[colon+1:i]) {
				return end
			}
			isInside = false
		}
	}
	return end
}

func isNumber(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// Value returns what may be shown of a value that is a secret by its name: of an
// http URL the scheme and the host, of any other value nothing.
func Value(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return Hidden
	}
	origin := u.Scheme + "://" + u.Host
	if rest := strings.TrimPrefix(text, origin); rest == "" || rest == "/" {
		return text
	}
	return origin + "/" + Hidden
}

// Template hides what is secret in a text with placeholders as it is written:
// the default of a placeholder whose name is that of a secret, as in
// ${api-key:default}, and what [URLs] hides.
func Template(text string) string {
	text = URLs(text)
	if !strings.Contains(text, "${") {
		return text
	}
	parts, err := placeholder.Parse(text)
	var b strings.Builder
	for i, p := range parts {
		switch {
		case err != nil && i == len(parts)-1:
			b.WriteString(incomplete(p.Source))
		case p.IsPlaceholder:
			b.WriteString(withoutSecretDefault(p))
		default:
			b.WriteString(p.Source)
		}
	}
	return b.String()
}

func withoutSecretDefault(p placeholder.Part) string {
	inner := p.Source[len("${") : len(p.Source)-1]
	if !p.HasDefault {
		return "${" + Template(inner) + "}"
	}
	name := strings.TrimSuffix(inner, ":"+p.Default)
	if Name(p.Name) {
		return "${" + Template(name) + ":" + Value(p.Default) + "}"
	}
	return "${" + Template(name) + ":" + Template(p.Default) + "}"
}

// incomplete does so with the rest of a text that begins with a placeholder
// which is wrong.
func incomplete(text string) string {
	inner := text[len("${"):]
	name, rest, found := strings.Cut(inner, ":")
	switch {
	case !found || strings.Contains(name, "${"):
		return "${" + Template(inner)
	case Name(name):
		return "${" + name + ":" + Value(rest)
	}
	return "${" + name + ":" + Template(rest)
}
