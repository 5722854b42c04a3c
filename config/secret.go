// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/pyfly-go/pyfly/internal/naming"
)

// hidden is shown in place of a secret.
const hidden = "******"

// secretWords are what a key that holds a secret has among its words; a word
// of two parts is one after the other, as in api-key.
var secretWords = []string{
	"password", "passwords", "passwd", "pwd", "passphrase",
	"secret", "secrets", "token", "tokens", "credential", "credentials",
	"authorization", "cookie", "cookies",
	"apikey", "api-key", "accesskey", "access-key", "privatekey", "private-key",
	"signingkey", "signing-key", "encryptionkey", "encryption-key",
}

// looksSecret reports whether a key, or the name of an environment variable,
// has a word of a secret among its words.
func looksSecret(key string) bool {
	words := "-" + strings.Join(strings.FieldsFunc(naming.KebabCase(key), isNoWordPart), "-") + "-"
	for _, word := range secretWords {
		if strings.Contains(words, "-"+word+"-") {
			return true
		}
	}
	return false
}

func isNoWordPart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

var userInfo = regexp.MustCompile(`://[^/?#\s]*@`)

// withoutUserInfo hides the user and password of URLs in a text.
func withoutUserInfo(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return userInfo.ReplaceAllString(text, "://"+hidden+"@")
}
