// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

type link struct {
	Href      string `json:"href"`
	Templated bool   `json:"templated"`
}

// links lists the endpoints as Spring Boot does.
func (e *endpoints) links(w http.ResponseWriter, r *http.Request) {
	base := e.linkBase(r)
	links := map[string]link{
		"self": {base, false}, "health-path": {base + "/health/{component}", true},
		"circuitbreakers-name": {base + "/circuitbreakers/{name}", true},
	}
	for _, name := range endpointNames {
		links[name] = link{base + "/" + name, false}
	}
	if e.settings.Console {
		links["console"] = link{base + "/console", false}
	}
	writeAnswer(w, map[string]any{"_links": links})
}

// linkBase returns the prefix of links: an absolute URL if the request was sent
// directly to the actuator's own address. Otherwise a proxy may use another
// scheme, host and path, so the links are relative to the requested URL.
func (e *endpoints) linkBase(r *http.Request) string {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if e.settings.listens() && local != nil && r.TLS == nil && !isForwarded(r) && isOwnAddress(r.Host, local) {
		return "http://" + r.Host + basePath
	}
	own := strings.TrimPrefix(basePath, "/")
	if strings.HasSuffix(r.URL.Path, "/") {
		return "../" + own
	}
	return own
}

// isOwnAddress reports whether a header Host is the local address of the
// connection.
func isOwnAddress(hostport string, local net.Addr) bool {
	own, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return false
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = strings.Trim(hostport, "[]"), "80"
	}
	address, err := netip.ParseAddr(host)
	isHost := err == nil && address.Unmap() == own.Addr().Unmap() || host == "localhost" && own.Addr().Unmap().IsLoopback()
	return isHost && port == strconv.Itoa(int(own.Port()))
}
