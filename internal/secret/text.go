// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"strconv"
	"strings"
	"time"
)

// Hidden is shown in place of a secret.
const Hidden = "******"

// Text hides in a text, such as that of an error, what is a secret by its form or
// by the name in front of it: user and password in URLs and data source names,
// the values of query parameters, of settings and of fields in JSON and YAML,
// keys in PEM, web tokens, credentials of the header Authorization, and the
// tokens of well-known services.
func Text(text string) string { return TextWith(text, never) }

// TextWith is [Text] with further names of parameters and fields that are
// secrets.
func TextWith(text string, isSecret func(name string) bool) string {
	return masker{isSecret: isSecret}.text(text)
}

// SettingText is [Text] for the value of a setting. Such a value is no prose: it
// may be a whole connection string, and a person may have written it without
// escaping. A password may hold a slash, also behind digits, and spaces.
func SettingText(text string) string { return SettingTextWith(text, never) }

// SettingTextWith is [SettingText] with further names of parameters and fields
// that are secrets.
func SettingTextWith(text string, isSecret func(name string) bool) string {
	return masker{isSecret: isSecret, isSetting: true}.text(text)
}

// Setting returns what may be shown of the value of a setting, by its key and by
// its value.
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

// masker hides what is secret in a text.
type masker struct {
	isSecret  func(name string) bool // further names
	isSetting bool
}

// maxPasses bounds how often a text is looked at: what has been hidden may lay
// something else open.
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

// looks is what a text holds that may belong to a secret.
type looks struct {
	pair  bool // a name in front of a value
	at    bool // an @, or credentials of a command
	token bool // a word as long as a token, PEM, or the address of a hook
	run   bool // as long as a key in base64
	space bool // a scheme of authentication in front of a space
}

func (l looks) isNothing() bool { return l == looks{} }

// shortestToken is as long as the shortest token of a well-known service, and
// shortestRun as a key in base64.
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

// isWordByte tells the bytes of which tokens are made.
var isWordByte = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") {
		table[c] = true
	}
	return table
}()
