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
	b.WriteString(names.text(path)) // a template may have its query in it
	if query == "" {
		return b.String()
	}
	separator := byte('?')
	for pair := range strings.SplitSeq(query, "&") {
		b.WriteByte(separator)
		separator = '&'
		if name, _, found := strings.Cut(pair, "="); found && (secret.Parameter(name) || names.has(name)) {
			pair = name + "=" + hidden
		}
		b.WriteString(pair)
	}
	return b.String()
}

// text is a text that may be printed: without user info in URLs, and without the
// values of their query parameters whose names say that they are secret.
func (names secretNames) text(text string) string { return secret.TextWith(text, names.has) }

// declared is what may be printed of declared headers, whose values may hold
// placeholders.
func (names secretNames) declared(header http.Header) http.Header {
	if header == nil {
		return nil
	}
	shown := make(http.Header, len(header))
	for name, values := range header {
		for _, value := range values {
			if names.isSecretHeader(name) {
				value = hidden
			}
			shown.Add(name, names.text(secret.Template(value)))
		}
	}
	return shown
}

// declaration is what may be printed of a declaration, which hides secrets but
// those that only the client's settings name.
func (names secretNames) declaration(d Declaration) Declaration {
	d.BaseURL, d.Headers = names.text(d.BaseURL), names.declared(d.Headers)
	d.Methods = slices.Clone(d.Methods)
	for i := range d.Methods {
		m := &d.Methods[i]
		m.Path, m.Headers = names.text(m.Path), names.declared(m.Headers)
	}
	return d
}

// inPath reports whether the path of a method has an argument whose name says that
// it is a secret.
func (names secretNames) inPath(m *Method) bool {
	return slices.ContainsFunc(m.Parameters, func(p Parameter) bool {
		return p.In == "path" && (secret.Parameter(p.Name) || names.has(p.Name))
	})
}

// isSecretHeader reports whether a header holds a secret.
func (names secretNames) isSecretHeader(name string) bool {
	return secret.Name(name) || names.has(name)
}

// header is one that may be printed: the same if it holds no secret. A URL that the
// service gives may hold a one-time code or a signature in any parameter of its
// query.
func (names secretNames) header(header http.Header) http.Header {
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

func (names secretNames) headerValue(name, value string) string {
	if names.isSecretHeader(name) {
		return hidden
	}
	switch http.CanonicalHeaderKey(name) {
	case "Location", "Content-Location", "Refresh":
		if before, _, hasQuery := strings.Cut(value, "?"); hasQuery {
			value = before + "?" + hidden
		}
	}
	return names.text(value)
}
