// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
)

// target is where requests go and what they bring along.
type target struct {
	scheme, host string
	path         string // without slash at its end
	escapedPath  string // the same, escaped
	hasEscapes   bool   // escapedPath is not what url.URL would make of path
	header       http.Header
	values       int // of header
	hostHeader   string
}

func newTarget(base *url.URL, header http.Header) target {
	t := target{
		scheme: base.Scheme, host: base.Host, hostHeader: base.Host,
		header: make(http.Header, len(header)+1),
	}
	t.path, t.escapedPath = strings.TrimSuffix(base.Path, "/"), strings.TrimSuffix(base.EscapedPath(), "/")
	t.hasEscapes = base.RawPath != ""
	for _, name := range slices.Sorted(maps.Keys(header)) { // names that differ in case are one
		key := http.CanonicalHeaderKey(name)
		t.header[key] = append(t.header[key], header[name]...)
	}
	if host := t.header.Get("Host"); host != "" { // net/http looks for it elsewhere
		t.hostHeader = host
	}
	delete(t.header, "Host")
	if base.User != nil && t.header["Authorization"] == nil {
		// Not left in the URL, where errors would print it and a redirect lose it.
		password, _ := base.User.Password()
		withAuth := http.Request{Header: t.header}
		withAuth.SetBasicAuth(base.User.Username(), password)
	}
	for _, values := range t.header {
		t.values += len(values)
	}
	return t
}

// apply makes a request with a relative URL one to the target.
func (t *target) apply(req *http.Request, allowed hosts.Allowed) error {
	if req == nil || req.URL == nil {
		return fmt.Errorf("%w: it has no URL: give one with path and query", port.ErrInvalidRequest)
	}
	u := req.URL
	if u.Host != "" && u.Opaque == "" && allowed.Allow(&url.URL{Scheme: t.scheme}, u) {
		req.Host = u.Host // and nothing else of what is meant for the target
		return nil
	}
	if u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return fmt.Errorf("%w: its URL is absolute: give path and query only, the base URL says the rest", port.ErrInvalidRequest)
	}
	t.applyPath(u)
	u.Scheme, u.Host = t.scheme, t.host
	req.Host = t.hostHeader
	if req.Header == nil {
		req.Header = make(http.Header, len(t.header))
	}
	if host := req.Header["Host"]; len(host) > 0 && host[0] != "" {
		req.Host = host[0]
	}
	t.addHeader(req.Header)
	return nil
}

// addHeader adds copies of the target's values, which the request may change.
func (t *target) addHeader(header http.Header) {
	if len(t.header) == 0 {
		return
	}
	copies := make([]string, 0, t.values)
	for name, values := range t.header {
		if _, isSet := header[name]; !isSet {
			begin := len(copies)
			copies = append(copies, values...)
			header[name] = copies[begin:len(copies):len(copies)]
		}
	}
}

// applyPath puts the target's path before that of u, and keeps the escapes of
// both: %2F is no slash, and nothing is cleaned.
func (t *target) applyPath(u *url.URL) {
	if u.Path != "" && u.Path[0] != '/' {
		escaped := u.EscapedPath()
		u.Path = "/" + u.Path
		u.RawPath = "/" + escaped
	}
	if t.path == "" {
		return
	}
	if t.hasEscapes || u.RawPath != "" {
		u.RawPath = t.escapedPath + u.EscapedPath()
	}
	u.Path = t.path + u.Path
}
