// SPDX-License-Identifier: Apache-2.0

package shown

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// Curl returns a command line for a POSIX shell that sends the request with curl, and
// holds no secret. A nil request gives "".
func Curl(req *http.Request, names Names) string {
	if req == nil {
		return ""
	}
	c := curlCommand{names: names}
	c.WriteString("curl")
	hasBody := req.Body != nil && req.Body != http.NoBody
	c.method(req.Method, hasBody)
	c.headers(req, hasBody)
	if hasBody {
		c.add("--data-binary", "@-")
	}
	if req.URL != nil {
		c.url(req.URL)
	}
	return c.String()
}

// curlCommand is a command line in the making.
type curlCommand struct {
	strings.Builder
	names Names
}

func (c *curlCommand) add(option, value string) {
	c.WriteString(" " + option + " " + shellQuoted(value))
}

func (c *curlCommand) method(method string, hasBody bool) {
	switch {
	case method == http.MethodHead && !hasBody:
		c.WriteString(" --head")
	case method == "" && hasBody:
		c.add("--request", http.MethodGet)
	case method != "" && (method != http.MethodGet || hasBody):
		c.add("--request", method)
	}
}

// headers adds those that curl does not work out itself. A name that is not a
// header name is left out: curl would take "@name" for a file.
func (c *curlCommand) headers(req *http.Request, hasBody bool) {
	if req.Host != "" && req.URL != nil && req.Host != req.URL.Host {
		c.add("--header", "Host: "+req.Host)
	}
	hasContentType := false
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !message.IsToken(name), canonical == "Host", canonical == "Content-Length", canonical == "Transfer-Encoding":
			continue
		case canonical == "Content-Type":
			hasContentType = true
		}
		for _, value := range req.Header[name] {
			c.header(name, value)
		}
	}
	if hasBody && !hasContentType {
		c.add("--header", "Content-Type:") // removes that of curl
	}
}

func (c *curlCommand) header(name, value string) {
	switch {
	case value == "":
		c.add("--header", name+";")
	case c.names.IsSecretHeader(name):
		c.add("--header", name+": "+hidden)
	default:
		c.add("--header", name+": "+c.names.Text(value))
	}
}

func (c *curlCommand) url(u *url.URL) {
	shown := *u
	shown.Fragment, shown.RawFragment = "", ""
	shown.RawQuery = c.query(u.RawQuery)
	text := c.names.Text(shown.String())
	if strings.ContainsAny(text, "[]{}") {
		c.WriteString(" --globoff")
	}
	c.add("--url", text)
}

// query hides the values of parameters whose names, unescaped, say that they are
// secret.
func (c *curlCommand) query(query string) string {
	var b strings.Builder
	for query != "" {
		end := indexAny(query, "&;")
		pair := query[:end]
		if name, _, found := strings.Cut(pair, "="); found && c.isSecretParameter(name) {
			pair = name + "=" + hidden
		}
		b.WriteString(pair)
		if end < len(query) {
			b.WriteByte(query[end])
			end++
		}
		query = query[end:]
	}
	return b.String()
}

func (c *curlCommand) isSecretParameter(escaped string) bool {
	name, err := url.QueryUnescape(escaped)
	if err != nil {
		name = escaped
	}
	return secret.Parameter(name) || c.names.Has(name)
}

// shellQuoted returns a word of a POSIX shell that stands for a text, control
// characters but for spaces.
func shellQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c == 0x7f:
			b.WriteByte(' ')
		case c == '\'':
			b.WriteString(`'\''`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// indexAny is like [strings.IndexAny], but returns the length of a text that has
// none of the characters.
func indexAny(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}
