// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// NewTransport makes what an adapter with the given configuration sends on, and a
// function that closes all its connections and lets no other be made. base is the
// BaseURL of cfg, parsed. WrapTransport is left to the caller.
func NewTransport(base *url.URL, cfg port.PortConfig) (transport http.RoundTripper, closeConnections func()) {
	d := newDialer(limitOrDefault(cfg.ConnectTimeout, port.DefaultConnectTimeout), cfg.DialContext)
	c := configure(newTransport(d), &cfg, base)
	return c, func() {
		c.CloseIdleConnections()
		d.close()
	}
}

// newTransport makes a transport fit for calls between services: many at a
// time, to one host.
func newTransport(d *dialer) *http.Transport {
	const maxIdle = 100
	return &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: d.DialContext,
		// A server that accepts connections and then says nothing is not connected to.
		TLSHandshakeTimeout: d.limit,
		// net/http keeps 2 per host: beyond that every call would connect anew.
		MaxIdleConns:        maxIdle,
		MaxIdleConnsPerHost: maxIdle,
		// Longer than pauses between calls, shorter than what load balancers allow for.
		IdleConnTimeout: 90 * time.Second,
		// An own DialContext turns HTTP/2 off otherwise.
		ForceAttemptHTTP2: true,
		// Finds out that a connection shared by many calls is dead.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second},
		// A server that does not care for "Expect: 100-continue" costs this and no more.
		ExpectContinueTimeout: time.Second,
		// What net/http servers accept; its clients would take 10 MiB.
		MaxResponseHeaderBytes: http.DefaultMaxHeaderBytes,
	}
}

// connections are what requests are sent on.
type connections interface {
	http.RoundTripper
	CloseIdleConnections()
}

// configure takes what a user has set into a transport.
func configure(t *http.Transport, cfg *port.PortConfig, base *url.URL) connections {
	own := newOwnHost(base)
	if cfg.Proxy != nil {
		t.Proxy = http.ProxyURL(cfg.Proxy)
	}
	if cfg.UnixSocket != "" {
		own.connectTo(cfg.UnixSocket, t)
	}
	if cfg.Protocols != nil {
		t.Protocols = cfg.Protocols
		t.ForceAttemptHTTP2 = cfg.Protocols.HTTP2()
	}
	t.MaxConnsPerHost = cfg.MaxConnections
	if cfg.MaxIdleConnections > 0 {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = cfg.MaxIdleConnections, cfg.MaxIdleConnections
	}
	if cfg.IdleTimeout > 0 {
		t.IdleConnTimeout = cfg.IdleTimeout
	}
	var s *security
	if cfg.TLS != nil {
		s = secure(t, cfg, own)
	}
	var c connections = t
	if cfg.MaxConnectionAge > 0 {
		c = newAgingTransport(t, cfg.MaxConnectionAge)
	}
	if s != nil && len(cfg.AllowedHosts) > 0 {
		c = &proxiedHosts{c, s}
	}
	return c
}

// connectTo makes a transport reach the own host, and no other, by a socket.
func (own *ownHost) connectTo(socket string, t *http.Transport) {
	dial, proxy := t.DialContext, t.Proxy
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if own.is(address) {
			return dial(ctx, "unix", socket)
		}
		return dial(ctx, network, address)
	}
	t.Proxy = func(req *http.Request) (*url.URL, error) {
		if own.is(dialAddress(req.URL)) {
			return nil, nil
		}
		return proxy(req)
	}
}
