// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"net/url"
	"strings"
)

// BasePath is the path of a base URL, which comes before that of every request.
type BasePath struct {
	path       string // without slash at its end
	escaped    string // the same, escaped
	hasEscapes bool   // escaped is not what url.URL would make of path
}

// NewBasePath returns the path of a base URL.
func NewBasePath(base *url.URL) BasePath {
	return BasePath{
		path:       strings.TrimSuffix(base.Path, "/"),
		escaped:    strings.TrimSuffix(base.EscapedPath(), "/"),
		hasEscapes: base.RawPath != "",
	}
}

// Apply puts the path before that of u, and keeps the escapes of both: %2F is no
// slash, and nothing is cleaned.
func (p *BasePath) Apply(u *url.URL) {
	if u.Path != "" && u.Path[0] != '/' {
		escaped := u.EscapedPath()
		u.Path = "/" + u.Path
		u.RawPath = "/" + escaped
	}
	if p.path == "" {
		return
	}
	if p.hasEscapes || u.RawPath != "" {
		u.RawPath = p.escaped + u.EscapedPath()
	}
	u.Path = p.path + u.Path
}
