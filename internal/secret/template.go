// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"net/url"
	"strings"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// Value returns the part of a secret value that may be shown: scheme and host
// of an http URL, nothing of any other value.
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

// Template hides secrets in an unexpanded text with placeholders: the default
// of a placeholder with a secret name, as in ${api-key:default}, and everything
// that [Text] hides.
func Template(text string) string {
	text = Text(text)
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

// incomplete does the same for the rest of a text that begins with an invalid
// placeholder.
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
