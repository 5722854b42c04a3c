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

var (
	userInfo  = regexp.MustCompile(`://(?:\$\{[^{}]*\}|[^/?#\s])*@`)
	parameter = regexp.MustCompile(`[?&;]([^=&;#\s]+)=([^&;#\s"'<>)]+)`)
)

// URLs hides in a text what is secret in URLs: user and password, and the
// values of query parameters that are a secret by their name.
func URLs(text string) string { return URLsWith(text, func(string) bool { return false }) }

// URLsWith is [URLs] with further names of query parameters that are secrets.
func URLsWith(text string, isSecret func(name string) bool) string {
	if strings.Contains(text, "://") {
		text = userInfo.ReplaceAllLiteralString(text, "://"+Hidden+"@")
	}
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
	var b strings.Builder
	for {
		before, inside, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("${")
		text = inside
		name, fallback, hasFallback := strings.Cut(inside, ":")
		isWhole := strings.Count(name, "}") <= strings.Count(name, "${")
		if hasFallback && isWhole && Name(name) {
			end := closingBrace(fallback)
			b.WriteString(name + ":" + Value(fallback[:end]))
			text = fallback[end:]
		}
	}
}

// closingBrace returns the index of the brace that ends the placeholder inside
// of which text begins, or the length of text.
func closingBrace(text string) int {
	depth := 0
	for i := range len(text) {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
		case text[i] == '}' && depth == 0:
			return i
		case text[i] == '}':
			depth--
		}
	}
	return len(text)
}
