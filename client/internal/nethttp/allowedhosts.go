// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// AllowedHosts are those beside a client's own that its redirects and links may
// lead to, each a [hostpattern.Pattern]. One that cannot be read allows nothing.
type AllowedHosts []string

// Allow reports whether one of them is the host of u. A host without port
// stands for the scheme's own. From https there is no way back to http.
func (hosts AllowedHosts) Allow(from, u *url.URL) bool {
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

// harmlessHeaders are those of a request that may follow it to another host:
// they say how to respond, not who asks.
var harmlessHeaders = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Type", "Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "Range", "User-Agent",
}

func keepHarmless(header http.Header) {
	for name := range header {
		if !slices.Contains(harmlessHeaders, http.CanonicalHeaderKey(name)) {
			delete(header, name)
		}
	}
}
