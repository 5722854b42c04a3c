// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"strconv"
	"strings"
	"time"
)

// Hidden replaces secrets.
const Hidden = "******"

// Text hides secrets in a text, such as that of an error, by their form or by
// their name: user and password in URLs and data source names, values of query
// parameters, of settings and of fields in JSON and YAML, keys in PEM, web
// tokens, credentials of the header Authorization, and tokens of well-known
// services.
func Text(text string) string { return TextWith(text, never) }

// TextWith is [Text] with additional secret names of parameters and fields.
func TextWith(text string, isSecret func(name string) bool) string {
	return masker{isSecret: isSecret}.text(text)
}

// SettingText is [Text] for the value of a setting. Such a value is not prose:
// it may be a whole connection string, and it may have been written without
// escaping. A password may contain slashes, also after digits, and spaces.
func SettingText(text string) string { return SettingTextWith(text, never) }

// SettingTextWith is [SettingText] with additional secret names of parameters
// and fields.
func SettingTextWith(text string, isSecret func(name string) bool) string {
	return masker{isSecret: isSecret, isSetting: true}.text(text)
}

// Setting returns the value of a setting as it may be shown, judging by its key
// and its value.
func Setting(key, value string) string {
	switch {
	case Key(key):
		if value == "true" || value == "false" {
			return value
		}
		return Hidden
	case below(key) && !isPlain(value):
		return Value(value)
	}
	return SettingText(value)
}

// isPlain reports whether a value is a number, a duration or a boolean.
func isPlain(value string) bool {
	if value == "" || value == "true" || value == "false" {
		return true
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return true
	}
	_, err := time.ParseDuration(value)
	return err == nil
}

func never(string) bool { return false }

// masker hides secrets in a text.
type masker struct {
	isSecret  func(name string) bool // further names
	isSetting bool
}

// maxPasses limits how often a text is scanned. Hiding one secret may uncover
// another.
const maxPasses = 4

func (m masker) text(text string) string {
	for range maxPasses {
		masked := m.pass(text)
		if masked == text {
			break
		}
		text = masked
	}
	return text
}

func (m masker) pass(text string) string {
	if m.isSetting && strings.Contains(text, "login ") {
		text = netrc.ReplaceAllString(text, "${1}"+Hidden)
	}
	found := lookAt(text)
	if found.isNothing() {
		return text
	}
	if found.token || found.run {
		text = withoutTokens(text, found.run)
	}
	if found.space {
		text = withoutCredentials(text, m.isSetting)
	}
	if found.at {
		isPort := isNumber
		if m.isSetting {
			isPort = never
		}
		text = withoutDataSources(withoutUserInfo(text, isPort), m.isSetting)
	}
	if found.pair {
		text = m.pairs(withoutNamedValues(text))
	}
	return text
}

// looks are features of a text that may belong to a secret.
type looks struct {
	pair  bool // a name in front of a value
	at    bool // an @, or credentials of a command
	token bool // a word as long as a token, PEM, or the address of a hook
	run   bool // as long as a key in base64
	space bool // a scheme of authentication in front of a space
}

func (l looks) isNothing() bool { return l == looks{} }

// shortestToken is the length of the shortest token of a well-known service,
// and shortestRun that of a key in base64.
const (
	shortestToken = 14
	shortestRun   = 32
)

func lookAt(text string) (found looks) {
	word, run := 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case isWordByte[c]:
			word++
			run++
		case c == '/' || c == '+':
			word = 0
			run++
		default:
			word, run = 0, 0
		}
		switch c {
		case '-':
			if i > 0 && text[i-1] == '-' { // an option, or PEM
				found.pair, found.token = true, true
			}
			if i+1 < len(text) && text[i+1] == 'u' { // curl -uada:...
				found.space = true
			}
		case '=', ':', '>', '%':
			found.pair = true
		case '@':
			found.at = true
		case ' ':
			found.space = found.space || endsInScheme(text[:i])
		}
		found.token = found.token || word >= shortestToken
		found.run = found.run || run >= shortestRun
	}
	found.token = found.token || found.pair && (strings.Contains(text, "hook") || strings.Contains(text, "telegram"))
	return found
}

// isWordByte reports whether tokens may contain a byte.
var isWordByte = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") {
		table[c] = true
	}
	return table
}()
