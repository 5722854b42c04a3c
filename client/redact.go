// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/url"
	"strings"
)

// displayURL is a URL that may be printed: without user info, and without the
// values of query parameters whose names say that they are secret.
func displayURL(base *url.URL, path, query string) string {
	var b strings.Builder
	if base != nil {
		b.WriteString(base.Scheme + "://" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/"))
	}
	b.WriteString(path)
	if query == "" {
		return b.String()
	}
	separator := byte('?')
	for pair := range strings.SplitSeq(query, "&") {
		b.WriteByte(separator)
		separator = '&'
		if name, _, found := strings.Cut(pair, "="); found && isSecretName(name) {
			pair = name + "=******"
		}
		b.WriteString(pair)
	}
	return b.String()
}

// secretWords are looked for in the names of query parameters.
var secretWords = []string{"password", "passwd", "secret", "token", "credential", "apikey", "authorization", "signature"}

func isSecretName(name string) bool {
	bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	for _, word := range secretWords {
		if strings.Contains(bare, word) {
			return true
		}
	}
	return bare == "key" || bare == "sig" || bare == "auth" || bare == "pwd"
}
