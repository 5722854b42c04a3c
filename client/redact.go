// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// hidden stands for what must not be printed.
const hidden = secret.Hidden

// secretNames are those of query parameters and headers that a user wants hidden
// beside the ones that are always.
type secretNames []string

func (names secretNames) has(name string) bool {
	return slices.ContainsFunc(names, func(hidden string) bool { return strings.EqualFold(hidden, name) })
}

// url is a URL that may be printed: without user info, and without the values of
// query parameters whose names say that they are secret.
func (names secretNames) url(base *url.URL, path, query string) string {
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
		if name, _, found := strings.Cut(pair, "="); found && (isSecretName(name) || names.has(name)) {
			pair = name + "=" + hidden
		}
		b.WriteString(pair)
	}
	return b.String()
}

// isSecretName looks at the name of a query parameter.
func isSecretName(name string) bool { return secret.Parameter(name) }

// secretHeaders are those that hold nothing but secrets.
var secretHeaders = secretNames{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token"}

// header is one that may be printed: the same if it holds no secret.
func (names secretNames) header(header http.Header) http.Header {
	var shown http.Header
	for name := range header {
		if !secretHeaders.has(name) && !names.has(name) {
			continue
		}
		if shown == nil {
			shown = header.Clone()
		}
		shown[name] = []string{hidden}
	}
	if shown == nil {
		return header
	}
	return shown
}
