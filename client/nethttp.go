// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// NewNetHTTPAdapter makes the default [HttpClientPort], on package net/http. It
// is an [HttpClientFactory]. A base URL that no request can be sent to is a
// kernel.ErrConfig.
//
// Each adapter has its own pool of connections, honours the proxy variables of
// the environment ([http.ProxyFromEnvironment]), speaks HTTP/2 where the server
// does, and decodes gzip unless a request sets Accept-Encoding itself. User info
// in the base URL is sent as basic authentication. There is no cookie jar.
//
// Redirects are followed, 10 at most, as long as they stay with scheme, host
// and port, or go from http to https on the same host name, or lead to one of
// AllowedHosts, and then without headers that may hold secrets. Any other is not
// followed but returned as the answer, so that nothing meant for one server
// reaches another. As everywhere in net/http, a 301, 302 or 303 turns a POST
// into a GET, while 307 and 308 repeat it.
//
// Timeout begins when Request is called and ends with the body; for a streamed
// answer it ends with the headers. It is left to the request's context when
// that has an earlier deadline. Requests are served before Start as well, which
// does nothing.
func NewNetHTTPAdapter(cfg PortConfig) (HttpClientPort, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("client %s: its base URL is wrong: %w: %w", cfg.Name, kernel.ErrConfig, err)
	}
	dialer := newDialer(limitOrDefault(cfg.ConnectTimeout, DefaultConnectTimeout), cfg.DialContext)
	connections := configure(newTransport(dialer), &cfg, base)
	closeConnections := func() {
		connections.CloseIdleConnections()
		dialer.close()
	}
	var roundTripper http.RoundTripper = connections
	if cfg.WrapTransport != nil {
		if roundTripper = cfg.WrapTransport(connections); roundTripper == nil {
			return nil, fmt.Errorf("client %s: WrapTransport returned nil", cfg.Name)
		}
	}
	return newNetHTTPAdapter(cfg, base, roundTripper, closeConnections), nil
}

func newNetHTTPAdapter(cfg PortConfig, base *url.URL, transport http.RoundTripper, closeConnections func()) *netHTTPAdapter {
	return &netHTTPAdapter{
		name:             cfg.Name,
		isWrapped:        cfg.WrapTransport != nil,
		target:           newTarget(base, cfg.Header),
		timeout:          limitOrDefault(cfg.Timeout, DefaultTimeout),
		maxResponseSize:  limitOrDefault(cfg.MaxResponseSize, DefaultMaxResponseSize),
		transport:        transport,
		allowed:          cfg.AllowedHosts,
		closeConnections: closeConnections,
	}
}

// limitOrDefault resolves a limit of a [PortConfig]; 0 then means none.
func limitOrDefault[N ~int64](limit, byDefault N) N {
	if limit == 0 {
		return byDefault
	}
	return max(limit, 0)
}

type netHTTPAdapter struct {
	name             string
	target           target
	isWrapped        bool          // there is a transport of the user's
	timeout          time.Duration // 0: none
	maxResponseSize  int64         // 0: no limit
	transport        http.RoundTripper
	allowed          allowedHosts
	closeConnections func()
	exchanges        exchanges
}

// Request implements [HttpClientPort].
func (a *netHTTPAdapter) Request(req *http.Request) (*http.Response, error) {
	if err := a.target.apply(req, a.allowed); err != nil {
		closeRequestBody(req)
		return nil, err
	}
	e, err := a.exchanges.begin(req.Context(), a.timeout)
	if err != nil {
		closeRequestBody(req)
		return nil, fmt.Errorf("client %s: %w", a.name, err)
	}
	if e.cancel != nil {
		req = req.WithContext(e.ctx)
	}
	response, err := a.roundTrip(req)
	if err != nil {
		err = e.explain(withoutURL(err))
		e.end()
		return nil, err
	}
	a.wrapBody(response, e)
	return response, nil
}

// roundTrip sends the request. What http.Client does, following redirects, is
// left to it; but its preparations for a redirect are a waste for answers that
// are none.
func (a *netHTTPAdapter) roundTrip(req *http.Request) (*http.Response, error) {
	response, err := a.transport.RoundTrip(req)
	err = usercode.Error(err)
	switch {
	case err != nil && isPlainHTTP(err):
		return nil, http.ErrSchemeMismatch
	case err != nil:
		return nil, err
	case response == nil:
		return nil, errNoResponse
	case isRedirect(response.StatusCode):
		return a.follow(req, response)
	case response.Body == nil: // a RoundTripper of the user's
		response.Body = http.NoBody
	}
	return response, nil
}

// isPlainHTTP reports whether a server answered a TLS handshake in plain text.
func isPlainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}

// wrapBody makes the exchange end with the response's body.
func (a *netHTTPAdapter) wrapBody(response *http.Response, e *exchange) {
	if response.Body == http.NoBody {
		e.end()
		return
	}
	limit := a.maxResponseSize
	if IsStreaming(e.parent) {
		limit = 0
		e.stopTimer()
	}
	e.body = responseBody{ReadCloser: response.Body, exchange: e, limit: limit, remaining: limit}
	response.Body = &e.body
}

// Start implements [HttpClientPort].
func (a *netHTTPAdapter) Start(context.Context) error { return nil }

// Stop implements [HttpClientPort]. No connection remains. Its error says how
// many requests were cut.
func (a *netHTTPAdapter) Stop(ctx context.Context) error {
	cut := a.exchanges.stop(ctx)
	a.closeConnections()
	if cut > 0 {
		return fmt.Errorf("client %s: requests cut off because they outlasted the time for stopping: %d: %w", a.name, cut, ctx.Err())
	}
	return nil
}

// withoutURL takes off the layers of [http.Client], whose text holds the whole
// URL.
func withoutURL(err error) error {
	for err = usercode.Error(err); ; {
		withURL, ok := usercode.As[*url.Error](err)
		if !ok || withURL.Err == nil {
			return err
		}
		err = usercode.Error(withURL.Err)
	}
}

func closeRequestBody(req *http.Request) {
	if req != nil && req.Body != nil {
		_ = req.Body.Close()
	}
}

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
	t.path, t.escapedPath = trimSlash(base.Path), trimSlash(base.EscapedPath())
	t.hasEscapes = base.RawPath != ""
	for name, values := range header {
		t.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
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

func trimSlash(path string) string {
	if n := len(path); n > 0 && path[n-1] == '/' {
		return path[:n-1]
	}
	return path
}

// apply makes a request with a relative URL one to the target.
func (t *target) apply(req *http.Request, allowed allowedHosts) error {
	if req == nil || req.URL == nil {
		return fmt.Errorf("%w: it has no URL: give one with path and query", ErrInvalidRequest)
	}
	u := req.URL
	if u.Host != "" && u.Opaque == "" && allowed.allow(&url.URL{Scheme: t.scheme}, u) {
		req.Host = u.Host // and nothing else of what is meant for the target
		return nil
	}
	if u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return fmt.Errorf("%w: its URL is absolute: give path and query only, the base URL says the rest", ErrInvalidRequest)
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
