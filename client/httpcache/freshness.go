// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"net/http"
	"strings"
	"time"
)

// maxHeuristic is the longest lifetime that is estimated.
const maxHeuristic = 24 * time.Hour

// heuristicStatuses are those whose lifetime may be estimated (RFC 9110, section
// 15.1), as far as they are stored.
var heuristicStatuses = map[int]bool{200: true, 203: true, 204: true, 404: true, 405: true, 410: true, 414: true}

// lifetime is how long a response is fresh (RFC 9111, section 4.2.1).
func lifetime(e *entry, s *settings) time.Duration {
	if age, ok := e.directives.seconds("s-maxage"); ok && s.shared {
		return age
	}
	if age, ok := e.directives.seconds("max-age"); ok {
		return age
	}
	date, hasDate := dateOf(e.header, "Date")
	if !hasDate {
		date = e.received
	}
	if _, ok := e.header["Expires"]; ok {
		expires, ok := dateOf(e.header, "Expires")
		if !ok {
			return 0
		}
		return max(0, expires.Sub(date))
	}
	modified, ok := dateOf(e.header, "Last-Modified")
	if !ok || !heuristicStatuses[e.status] && !e.directives.has("public") {
		return 0
	}
	return max(0, min(time.Duration(float64(date.Sub(modified))*s.heuristic), maxHeuristic))
}

// dateOf parses a header that holds a date.
func dateOf(header http.Header, name string) (time.Time, bool) {
	values := header[name]
	if len(values) != 1 {
		return time.Time{}, false
	}
	date, err := http.ParseTime(values[0])
	return date, err == nil
}

// initialAge is the age of a response when it was received (RFC 9111, section
// 4.2.3).
func initialAge(header http.Header, requested, received time.Time) time.Duration {
	apparent := time.Duration(0)
	if date, ok := dateOf(header, "Date"); ok {
		apparent = max(0, received.Sub(date))
	}
	age := time.Duration(0)
	if values := header["Age"]; len(values) > 0 { // of several values the first counts
		first, _, _ := strings.Cut(values[0], ",")
		age, _ = parseSeconds(strings.TrimSpace(first))
	}
	return max(apparent, age+received.Sub(requested))
}

// age is the age of the response now. It does not depend on changes of the clock.
func (e *entry) age(now time.Time) time.Duration { return e.initialAge + now.Sub(e.received) }

// use says how a stored response may be used for a request.
type use int

const (
	useValidated use = iota // only if the service says that it is still good
	useFresh
	useStale              // the request allows it
	useStaleAndRevalidate // at once, while it is validated in the background
)

// useFor returns how the response may be used.
func (e *entry) useFor(l *lookup, now time.Time) use {
	if l.wants.has("no-cache") || e.directives.hasUnqualified("no-cache") {
		return useValidated
	}
	age := e.age(now)
	if most, ok := l.wants.seconds("max-age"); ok && age >= most {
		return useValidated
	}
	minFresh, _ := l.wants.seconds("min-fresh")
	staleness := age - e.lifetime
	switch {
	case staleness+minFresh < 0:
		return useFresh
	case minFresh > 0 || e.mustRevalidate(l.settings):
		return useValidated
	case l.wants.has("max-stale"):
		most, _ := l.wants.seconds("max-stale")
		if l.wants.hasUnqualified("max-stale") || staleness <= most {
			return useStale
		}
	}
	if staleness < e.allowance("stale-while-revalidate", l.settings.staleWhileRevalidate) {
		return useStaleAndRevalidate
	}
	return useValidated
}

// mustRevalidate reports whether the response must not be used when it is stale.
func (e *entry) mustRevalidate(s *settings) bool {
	return e.directives.has("must-revalidate") || e.directives.hasUnqualified("no-cache") ||
		s.shared && (e.directives.has("proxy-revalidate") || e.directives.has("s-maxage"))
}

// mayReplaceFailure reports whether the response may be used in place of a failure
// (RFC 5861, section 4).
func (e *entry) mayReplaceFailure(l *lookup, now time.Time) bool {
	if e.mustRevalidate(l.settings) || l.wants.has("no-cache") {
		return false
	}
	most := e.allowance("stale-if-error", l.settings.staleIfError)
	if asked, ok := l.wants.seconds("stale-if-error"); ok {
		most = max(most, asked)
	}
	return e.age(now)-e.lifetime < most
}

// allowance is how long the response may be used after it has become stale.
func (e *entry) allowance(directive string, byDefault time.Duration) time.Duration {
	if value, ok := e.directives.seconds(directive); ok {
		return value
	}
	return byDefault
}
