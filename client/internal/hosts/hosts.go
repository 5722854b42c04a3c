// SPDX-License-Identifier: Apache-2.0

// Package hosts determines which hosts a client may send to in addition to its
// own, and compares the ports of URLs.
package hosts

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// Allowed are the hosts, in addition to the client's own, that its redirects
// and links may lead to. Each is a [hostpattern.Pattern]. An invalid pattern
// allows nothing.
type Allowed []string

// Allow reports whether one of the patterns matches the host of u. A pattern
// without a port means the default port of the scheme. A redirect from https to
// http is not allowed.
func (hosts Allowed) Allow(from, u *url.URL) bool {
	if u.Scheme != "https" && (u.Scheme != "http" || from.Scheme != "http") || u.User != nil {
		return false
	}
	return slices.ContainsFunc(hosts, func(allowed string) bool {
		p, err := hostpattern.Parse(allowed)
		if err != nil || !p.Matches(u.Hostname()) {
			return false
		}
		port := p.Port()
		if port == "" {
			port = PortOf(&url.URL{Scheme: u.Scheme})
		}
		return port == PortOf(u)
	})
}

// PortOf returns the port of a URL, or the default port of its scheme.
func PortOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// Same reports whether two URLs have the same scheme, host and port. A URL
// without a scheme takes that of the other URL.
func Same(a, b *url.URL) bool {
	scheme := cmp.Or(b.Scheme, a.Scheme)
	return a.Scheme == scheme && strings.EqualFold(a.Hostname(), b.Hostname()) &&
		PortOf(a) == PortOf(&url.URL{Scheme: scheme, Host: b.Host})
}
