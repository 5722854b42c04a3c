// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// guard rejects requests that are not permitted; its responses say what to do.
type guard struct {
	settings *Settings
	crossing *http.CrossOriginProtection
	token    [sha256.Size]byte
	hosts    []hostpattern.Pattern
}

func newGuard(s *Settings) *guard {
	g := &guard{settings: s, crossing: http.NewCrossOriginProtection(), token: sha256.Sum256([]byte(s.Token))}
	for _, allowed := range s.AllowedHosts {
		if p, err := hostpattern.Parse(allowed); err == nil { // see Settings.Validate
			g.hosts = append(g.hosts, p)
		}
	}
	g.crossing.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeForeign(w) }))
	return g
}

// around wraps next in the rules that apply to every request.
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

// isForeign reports whether a page of another origin made the browser send the
// request. Such a page cannot read the response, but it could hold streams
// open. Following a link is permitted.
func isForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

func writeForeign(w http.ResponseWriter) {
	writeProblem(w, http.StatusForbidden, "another site sent this request: send it from the console, or from no browser")
}

// allowsHost rejects names that foreign DNS may resolve to this address. An IP
// address cannot be rebound.
func (g *guard) allowsHost(hostport string) bool {
	host, port := hostport, ""
	if h, p, err := net.SplitHostPort(hostport); err == nil {
		host, port = h, p
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	isAddress := err == nil
	switch {
	case isAddress && (address.IsLoopback() || !g.settings.onLoopback()):
		return true
	case strings.EqualFold(strings.TrimSuffix(host, "."), "localhost"):
		return true
	}
	return slices.ContainsFunc(g.hosts, func(p hostpattern.Pattern) bool { return p.Matches(host) && isPort(p.Port(), port) })
}

// isPort reports whether the port of a header Host is the allowed one. A header
// without a port means the default port of the scheme, which may be known only
// to a proxy.
func isPort(allowed, port string) bool {
	return allowed == "" || allowed == port || port == "" && (allowed == "80" || allowed == "443")
}

// forwarding lists the prefixes of headers that proxies add: those of RFC 7239
// and RFC 9110, and older ones. A request without them may still have passed a
// proxy that adds none.
var forwarding = []string{
	"Forwarded", "X-Forwarded", "X-Original-", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Proxyuser-Ip", "X-Envoy-",
	"X-Remote-Ip", "X-Remote-Addr", "X-Originating-Ip", "X-Appengine-", "X-Azure-", "True-Client-Ip", "Client-Ip", "Fastly-Client-Ip", "Cf-", "Via",
}

// isForwarded reports whether a request came through a proxy. Its sender may be
// on another machine.
func isForwarded(r *http.Request) bool {
	for name := range r.Header {
		name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		if slices.ContainsFunc(forwarding, func(beginning string) bool { return strings.HasPrefix(name, beginning) }) {
			return true
		}
	}
	return false
}

// authorized reports whether the request has the token.
func (g *guard) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(token))
	equal := subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
	return equal && strings.EqualFold(scheme, "Bearer") && g.settings.Token != ""
}

// mayRead reports whether the request may see more than public endpoints.
func (g *guard) mayRead(r *http.Request) bool {
	return g.settings.onLoopback() && !isForwarded(r) || g.authorized(r)
}

// reading serves next to requests that may read the endpoint.
func (g *guard) reading(endpoint string, next http.HandlerFunc) http.HandlerFunc {
	isPublic := slices.Contains(g.settings.PublicEndpoints, endpoint)
	return func(w http.ResponseWriter, r *http.Request) {
		if !isPublic && !g.mayRead(r) {
			g.refuse(w)
			return
		}
		next(w, r)
	}
}

// writing serves next to requests that have the token.
func (g *guard) writing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !g.authorized(r) {
			g.refuse(w)
			return
		}
		next(w, r)
	}
}

// refuse rejects a request that needs the token.
func (g *guard) refuse(w http.ResponseWriter) {
	if g.settings.Token == "" {
		writeProblem(w, http.StatusForbidden, "this needs a token, and none is configured: set PYFLY_ACTUATOR_TOKEN and restart the application. "+
			"Without a token only GET is allowed, only from this machine, and not through a proxy")
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="actuator"`)
	writeProblem(w, http.StatusUnauthorized, "this needs the token of "+prefix+".token: send Authorization: Bearer <token>")
}
