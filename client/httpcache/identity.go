// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// resourceOf names what a URL of a client leads to. The host is empty for the
// client's own service.
func resourceOf(u *url.URL) string {
	return strings.ToLower(u.Host) + u.EscapedPath() + "?" + u.RawQuery
}

// harmless are headers that do not tell who asks, nor what for: they differ from
// request to request, or belong to the cache.
var harmless = []string{
	"Baggage", "B3", "Cache-Control", "Idempotency-Key", "If-Modified-Since", "If-None-Match", "Pragma", "Traceparent", "Tracestate",
	"X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Spanid", "X-B3-Traceid", "X-Correlation-Id", "X-Request-Id", "X-Retry-Attempt",
}

// identity tells apart the requests that must not be given each other's
// responses, whatever these say. In a private cache any header may tell who asks;
// what a shared cache may store is for everybody.
func (s *settings) identity(header http.Header) string {
	if s.shared {
		return ""
	}
	return digest(header, s.isIgnored)
}

func (s *settings) isIgnored(name string) bool {
	return slices.Contains(harmless, name) || slices.Contains(s.ignoredHeaders, name)
}

// digest is that of all headers that are not left out.
func digest(header http.Header, leavesOut func(name string) bool) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if leavesOut(http.CanonicalHeaderKey(name)) {
			continue
		}
		b.WriteString(http.CanonicalHeaderKey(name))
		for _, value := range header[name] {
			b.WriteString("\x00" + value)
		}
		b.WriteByte('\n')
	}
	sum := sha256.Sum256([]byte(b.String()))
	return string(sum[:])
}

// hasCredentials reports whether a header says who asks.
func (s *settings) hasCredentials(header http.Header) bool {
	for name := range header {
		if secret.Name(name) || slices.Contains(s.secretNames, http.CanonicalHeaderKey(name)) {
			return true
		}
	}
	return false
}
