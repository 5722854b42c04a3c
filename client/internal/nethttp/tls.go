// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
)

// ownHost is the host of a base URL.
type ownHost struct {
	scheme, name string
	address      string // at which net/http dials it
}

func newOwnHost(base *url.URL) ownHost {
	own := ownHost{scheme: base.Scheme, address: dialAddress(base)}
	own.name, _, _ = net.SplitHostPort(own.address)
	return own
}

// is reports whether an address is that of the base URL.
func (own *ownHost) is(address string) bool { return strings.EqualFold(address, own.address) }

// secures reports whether a TLS connection to an address is one to the own host:
// a redirect may lead from http to https on another port of the same name.
func (own *ownHost) secures(address string) bool {
	if own.scheme == "https" {
		return own.is(address)
	}
	name, _, err := net.SplitHostPort(address)
	return err == nil && strings.EqualFold(name, own.name)
}

// dialAddress is the address at which net/http dials the host of a URL: it has a
// port, and a name in ASCII.
func dialAddress(u *url.URL) string {
	name := u.Hostname()
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f }) {
		name = inASCII(name)
	}
	return net.JoinHostPort(name, hosts.PortOf(u))
}

// inASCII returns an internationalized name as net/http writes it in a header
// Host, or the same if it cannot be written.
func inASCII(name string) string {
	var text strings.Builder
	if err := (&http.Request{URL: &url.URL{Scheme: "http", Host: name}}).Write(&text); err != nil {
		return name
	}
	written, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text.String())))
	if err != nil {
		return name
	}
	return written.Host
}

// security secures the connections of an adapter with a [tls.Config]. Each server
// is verified by the name of the host that the connection leads to; only the own
// host goes by the ServerName of the configuration.
type security struct {
	config    *tls.Config
	own       ownHost
	allowed   hosts.Allowed
	transport *http.Transport
}

// secure makes a transport use a configuration. The transport makes TLS
// connections itself only behind proxies, and then knows one name: that of the
// own host. See proxiedHosts for the others.
func secure(t *http.Transport, cfg *port.PortConfig, own ownHost) *security {
	s := &security{config: cfg.TLS.Clone(), own: own, allowed: cfg.AllowedHosts, transport: t}
	t.TLSClientConfig = s.configFor(own.address)
	t.DialTLSContext = s.dial
	return s
}

// configFor returns the configuration of a connection to an address.
func (s *security) configFor(address string) *tls.Config {
	name, _, _ := net.SplitHostPort(address)
	if s.config.ServerName != "" && s.own.secures(address) {
		name = s.config.ServerName
	}
	c := s.config.Clone()
	c.ServerName = name
	if verify := s.config.VerifyConnection; verify != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			state.ServerName = name // crypto/tls leaves IP addresses out
			return verify(state)
		}
	}
	return c
}

// dial makes a TLS connection to a server, or to a proxy.
func (s *security) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.transport.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := s.configFor(address)
	config.NextProtos = nil // of a proxy
	if s.isTarget(address) {
		config.NextProtos = s.transport.TLSClientConfig.NextProtos // the transport has set them
	}
	secured := tls.Client(conn, config)
	limited := ctx
	if timeout := s.transport.TLSHandshakeTimeout; timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if err := secured.HandshakeContext(limited); err != nil {
		_ = conn.Close()
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("the TLS handshake took too long: %w", err)
		}
		return nil, err
	}
	return secured, nil
}

// isTarget reports whether requests may lead to an address; else it is a proxy's.
func (s *security) isTarget(address string) bool {
	u := &url.URL{Scheme: "https", Host: address}
	return s.own.secures(address) || s.allowed.Allow(u, u)
}

// proxiedHosts sends requests to other hosts than the own one through a proxy
// each on a connection of its own, whose certificate is verified by that host.
type proxiedHosts struct {
	connections
	*security
}

// RoundTrip implements [http.RoundTripper].
func (p *proxiedHosts) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || p.transport.Proxy == nil {
		return p.connections.RoundTrip(req)
	}
	address := dialAddress(req.URL)
	if p.own.secures(address) {
		return p.connections.RoundTrip(req)
	}
	if proxy, err := p.transport.Proxy(req); proxy == nil || err != nil {
		return p.connections.RoundTrip(req)
	}
	once := p.transport.Clone()
	config := p.configFor(address)
	config.NextProtos = once.TLSClientConfig.NextProtos
	once.TLSClientConfig, once.DisableKeepAlives = config, true
	return once.RoundTrip(req)
}
