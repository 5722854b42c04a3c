// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
)

// target is where requests go and what they bring along.
type target struct {
	scheme, host string
	path         hosts.BasePath
	header       http.Header
	values       int // of header
	hostHeader   string
}

func newTarget(base *url.URL, header http.Header) target {
	t := target{
		scheme: base.Scheme, host: base.Host, hostHeader: base.Host, path: hosts.NewBasePath(base),
		header: make(http.Header, len(header)+1),
	}
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

// apply makes a request with a relative URL one to the target. That of a request to
// an instance becomes the service's again: who connects knows the instance.
func (t *target) apply(req *http.Request, allowed hosts.Allowed) error {
	if req == nil || req.URL == nil {
		return fmt.Errorf("%w: it has no URL: give one with path and query", port.ErrInvalidRequest)
	}
	u := req.URL
	if address, ok := port.InstanceOf(req.Context()); ok && u.Host == address && u.Scheme == t.scheme {
		t.adopt(req)
		return nil
	}
	if u.Host != "" && u.Opaque == "" && allowed.Allow(&url.URL{Scheme: t.scheme}, u) {
		req.Host = u.Host // and nothing else of what is meant for the target
		return nil
	}
	if u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return fmt.Errorf("%w: its URL is absolute: give path and query only, the base URL says the rest", port.ErrInvalidRequest)
	}
	t.path.Apply(u)
	t.adopt(req)
	return nil
}

// adopt makes a request whose URL has the target's path one to the target.
func (t *target) adopt(req *http.Request) {
	req.URL.Scheme, req.URL.Host = t.scheme, t.host
	req.Host = t.hostHeader
	if req.Header == nil {
		req.Header = make(http.Header, len(t.header))
	}
	if host := req.Header["Host"]; len(host) > 0 && host[0] != "" {
		req.Host = host[0]
	}
	t.addHeader(req.Header)
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
