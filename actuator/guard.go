// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
)

// guard lets through what may come through, and tells the rest what to do.
type guard struct {
	settings *Settings
	crossing *http.CrossOriginProtection
	token    [sha256.Size]byte
}

func newGuard(s *Settings) *guard {
	g := &guard{settings: s, crossing: http.NewCrossOriginProtection(), token: sha256.Sum256([]byte(s.Token))}
	g.crossing.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeForeign(w) }))
	return g
}

// around puts what holds for every request around next.
func (g *guard) around(next http.Handler) http.Handler {
	next = g.crossing.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if !g.allowsHost(r.Host) {
			writeProblem(w, http.StatusMisdirectedRequest, "the header Host names none of this actuator's hosts: use its IP address or localhost, or add the name to "+prefix+".allowed-hosts")
			return
		}
		if isForeign(r) {
			writeForeign(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isForeign reports whether a page of another origin makes the browser ask. It
// could not read the answer, but hold streams open. A link that somebody follows
// is welcome.
func isForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

func writeForeign(w http.ResponseWriter) {
	writeProblem(w, http.StatusForbidden, "another site sent this request: send it from the console, or from no browser")
}

// allowsHost refuses names that somebody's DNS may lead here. An IP address
// cannot be rebound.
func (g *guard) allowsHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	ip := net.ParseIP(host)
	switch {
	case ip != nil:
		return ip.IsLoopback() || !g.settings.onLoopback()
	case host == "localhost":
		return true
	}
	return slices.ContainsFunc(g.settings.AllowedHosts, func(allowed string) bool { return strings.EqualFold(allowed, host) })
}

// authorized reports whether the request brings the token.
func (g *guard) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(token))
	equal := subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
	return equal && strings.EqualFold(scheme, "Bearer") && g.settings.Token != ""
}

// mayRead reports whether the request may see more than public endpoints.
func (g *guard) mayRead(r *http.Request) bool { return g.settings.onLoopback() || g.authorized(r) }

// reading serves next to those who may read the endpoint.
func (g *guard) reading(endpoint string, next http.HandlerFunc) http.HandlerFunc {
	isPublic := slices.Contains(g.settings.PublicEndpoints, endpoint)
	return func(w http.ResponseWriter, r *http.Request) {
		if !isPublic && !g.mayRead(r) {
			writeUnauthorized(w)
			return
		}
		next(w, r)
	}
}

// writing serves next to those who bring the token.
func (g *guard) writing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.settings.Token == "":
			writeProblem(w, http.StatusForbidden, "nobody may change anything here, for no token is configured: set PYFLY_ACTUATOR_TOKEN and start the application again")
		case !g.authorized(r):
			writeUnauthorized(w)
		default:
			next(w, r)
		}
	}
}

func writeUnauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="actuator"`)
	writeProblem(w, http.StatusUnauthorized, "this needs the token of "+prefix+".token: send Authorization: Bearer <token>")
}
