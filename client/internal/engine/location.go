// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// location is the URL that has responded, against which the links of the response
// are resolved. The host of the client's service is the one of the base URL,
// whatever address the port has sent to.
func (c *call) location(r *message.Response) *url.URL {
	base, path, query := c.message.Base(c.BaseURL), c.message.Path, c.message.Query
	switch {
	case r.Redirected != nil && r.Redirected.Host != "":
		return r.Redirected
	case r.Redirected != nil:
		path, query = r.Redirected.EscapedPath(), r.Redirected.RawQuery
	case c.message.Elsewhere == nil:
		path = strings.TrimSuffix(base.EscapedPath(), "/") + path
	}
	location := &url.URL{Scheme: base.Scheme, Host: base.Host, RawQuery: query}
	setPath(location, path)
	return location
}

// maxRedirects is how many requests before the last one are looked at.
const maxRedirects = 20

// redirectedTo returns where a redirect has led to, or nil if there was none. The
// URL is relative if that is the host that was asked first.
func redirectedTo(response *http.Response) *url.URL {
	last := response.Request
	if last == nil || last.Response == nil || last.URL == nil {
		return nil
	}
	first := last
	for range maxRedirects {
		if first.Response == nil || first.Response.Request == nil || first.Response.Request.URL == nil {
			break
		}
		first = first.Response.Request
	}
	u := &url.URL{Path: last.URL.Path, RawPath: last.URL.RawPath, RawQuery: last.URL.RawQuery}
	if !isSameHost(first.URL, last.URL) {
		u.Scheme, u.Host = last.URL.Scheme, last.URL.Host
	}
	return u
}

// isSameHost reports whether a redirect stays on a host: it may change from http
// to https.
func isSameHost(from, to *url.URL) bool {
	if from.Scheme == "http" && to.Scheme == "https" {
		return strings.EqualFold(from.Hostname(), to.Hostname())
	}
	return from.Scheme == to.Scheme && strings.EqualFold(from.Host, to.Host)
}

// redirectedRequest is the request of a response that came after a redirect, as a
// port tells it.
func redirectedRequest(first *http.Request, to *url.URL) *http.Request {
	last := first.WithContext(first.Context())
	last.URL = to
	last.Response = &http.Response{Request: first}
	return last
}
