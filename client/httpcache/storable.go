// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"net/http"
	"slices"
	"time"
)

// storable makes an entry of a response to a GET request, or returns nil if it may
// not be stored (RFC 9111, section 3), or if nobody could use it.
func (l *lookup) storable(r *reply) *entry {
	if !isStorableStatus(r.status) || !r.isComplete || !l.isSentAsSeen(r) {
		return nil
	}
	e := newEntry(l, r, storedHeader(r.header, l.settings))
	if !l.mayStore(e, r) {
		return nil
	}
	return e
}

// mayStore reports whether a response, by its headers, may be stored and can be
// used.
func (l *lookup) mayStore(e *entry, r *reply) bool {
	d := parseDirectives(r.header)
	switch {
	case d.has("no-store") && !d.has("must-understand"):
		return false
	case slices.Contains(varyOf(e.header), "*"):
		return false
	case l.settings.shared && !l.mayShare(r, d):
		return false
	}
	return e.isUseful(l.settings) && e.size() <= int64(l.settings.maxSize)
}

// isStorableStatus reports whether responses of a status are stored: neither parts
// of a body, nor challenges, nor those that say that the service has failed or is
// busy.
func isStorableStatus(status int) bool {
	switch status {
	case http.StatusPartialContent, http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status >= 200 && status < 300 || status >= 400 && status < 500
}

// isSentAsSeen reports whether the request that was sent tells the service no more
// about who asks, and what for, than the cache has seen. A response that came
// after a redirect is not one of this URL.
func (l *lookup) isSentAsSeen(r *reply) bool {
	header, isRedirected := r.sent.result()
	if header == nil || isRedirected || l.settings.identity(header) != l.identity {
		return false
	}
	return !slices.ContainsFunc(varyOf(r.header), func(name string) bool {
		return combined(header, name) != combined(l.req.Header, name)
	})
}

// mayShare reports whether the response may be stored for all users (RFC 9111,
// section 3.5). What goes for Authorization goes for all credentials, and a
// response that sets a cookie is taken for one to a single user.
func (l *lookup) mayShare(r *reply, d directives) bool {
	if d.hasUnqualified("private") {
		return false
	}
	header, _ := r.sent.result()
	isPersonal := l.settings.hasCredentials(l.req.Header) || l.settings.hasCredentials(header) || r.header["Set-Cookie"] != nil
	return !isPersonal || d.has("public") || d.has("s-maxage") || d.has("must-revalidate")
}

// isUseful reports whether the response can ever be used: as long as it is fresh,
// when it is validated, or when it is stale.
func (e *entry) isUseful(s *settings) bool {
	return e.lifetime > e.initialAge || e.validators(http.Header{}) ||
		!e.mustRevalidate(s) && (e.allowance("stale-while-revalidate", s.staleWhileRevalidate) > 0 || e.allowance("stale-if-error", s.staleIfError) > 0)
}

// isFresh reports whether the response may be used for others without validation.
func (e *entry) isFresh(now time.Time) bool {
	return e.age(now) < e.lifetime && !e.directives.hasUnqualified("no-cache")
}
