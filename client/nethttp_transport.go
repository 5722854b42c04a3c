// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

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
func configure(t *http.Transport, cfg *PortConfig, base *url.URL) connections {
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

// dialer makes connections and knows those that are open, so that none of them
// outlives the adapter: [http.Transport] closes those that are idle when asked,
// and HTTP/2 connections become so later than their last answer is read.
type dialer struct {
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	limit  time.Duration   // of the making of a connection; 0: none
	ctx    context.Context // done once closed
	cancel context.CancelFunc

	mu   sync.Mutex
	open map[*connection]struct{}
}

// newDialer makes a dialer that connects by dial, or by a [net.Dialer] if that is
// nil. A timeout of 0 is none.
func newDialer(timeout time.Duration, dial func(ctx context.Context, network, address string) (net.Conn, error)) *dialer {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	d := &dialer{dial: dial, limit: timeout, open: map[*connection]struct{}{}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// DialContext makes a connection, unless or until the dialer is closed.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	conn, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, dialer: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		_ = conn.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: ErrStopped}
	}
	d.open[c] = struct{}{}
	return c, nil
}

// connect makes a connection within the dialer's limit.
func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if d.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.limit)
		defer cancel()
	}
	conn, err := d.dial(ctx, network, address)
	switch {
	case err != nil && isDial(err):
		return nil, err
	case err != nil: // of a dial function of the user's
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	case conn == nil:
		return nil, &net.OpError{Op: "dial", Net: network, Err: errNoConnection}
	}
	return conn, nil
}

var errNoConnection = errors.New("DialContext returned neither a connection nor an error")

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// close closes all connections and lets none be made.
func (d *dialer) close() {
	d.mu.Lock()
	d.cancel()
	open := d.open
	d.open = map[*connection]struct{}{}
	d.mu.Unlock()
	for c := range open {
		_ = c.Conn.Close()
	}
}

type connection struct {
	net.Conn
	dialer *dialer
}

// Close takes the connection off the dialer's list as well.
func (c *connection) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.open, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}
