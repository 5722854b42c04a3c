// SPDX-License-Identifier: Apache-2.0

// Package shown says what of requests, URLs, headers and texts may be shown.
package shown

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// hidden stands for what must not be printed.
const hidden = secret.Hidden

// Names are those of query parameters and headers that a user wants hidden
// beside the ones that are always.
type Names []string

func (names Names) Has(name string) bool {
	return slices.ContainsFunc(names, func(hidden string) bool { return strings.EqualFold(hidden, name) })
}

// URL is a URL that may be printed: without user info, and without the values of
// query parameters whose names say that they are secret.
func (names Names) URL(base *url.URL, path, query string) string {
	var b strings.Builder
	if base != nil {
		b.WriteString(base.Scheme + "://" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/"))
	}
	b.WriteString(names.Text(path)) // a template may have its query in it
	if query == "" {
		return b.String()
	}
	separator := byte('?')
	for pair := range strings.SplitSeq(query, "&") {
		b.WriteByte(separator)
		separator = '&'
		if name, _, found := strings.Cut(pair, "="); found && (secret.Parameter(name) || names.Has(name)) {
			pair = name + "=" + hidden
		}
		b.WriteString(pair)
	}
	return b.String()
}

// Text is a text that may be printed: without user info in URLs, and without the
// values of their query parameters whose names say that they are secret.
func (names Names) Text(text string) string { return secret.TextWith(text, names.Has) }

// Declared is what may be printed of declared headers, whose values may hold
// placeholders.
func (names Names) Declared(header http.Header) http.Header {
	if header == nil {
		return nil
	}
	shown := make(http.Header, len(header))
	for name, values := range header {
		for _, value := range values {
			if names.IsSecretHeader(name) {
				value = hidden
			}
			shown.Add(name, names.Text(secret.Template(value)))
		}
	}
	return shown
}

// IsSecretHeader reports whether a header holds a secret.
func (names Names) IsSecretHeader(name string) bool {
	return secret.Name(name) || names.Has(name)
}

// Header is one that may be printed: the same if it holds no secret. A URL that the
// service gives may hold a one-time code or a signature in any parameter of its
// query.
func (names Names) Header(header http.Header) http.Header {
	var shown http.Header
	for name, values := range header {
		for i, value := range values {
			hiddenValue := names.headerValue(name, value)
			if hiddenValue == value {
				continue
			}
			if shown == nil {
				shown = header.Clone()
			}
			shown[name][i] = hiddenValue
		}
	}
	if shown == nil {
		return header
	}
	return shown
}

func (names Names) headerValue(name, value string) string {
	if names.IsSecretHeader(name) {
		return hidden
	}
	switch http.CanonicalHeaderKey(name) {
	case "Location", "Content-Location", "Refresh":
		if before, _, hasQuery := strings.Cut(value, "?"); hasQuery {
			value = before + "?" + hidden
		}
	}
	return names.Text(value)
}
