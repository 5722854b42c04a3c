// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// The defaults of a [PortConfig].
const (
	DefaultTimeout         = 30 * time.Second
	DefaultConnectTimeout  = 5 * time.Second
	DefaultMaxResponseSize = 10 << 20
)

// PortConfig is what a port needs to know: the settings of one client that concern
// the way to its service.
type PortConfig struct {
	// Name is the client's name, "inventory-client".
	Name string
	// BaseURL is absolute, with scheme and host; its path, if any, comes
	// before that of every request.
	BaseURL string
	// Timeout limits one request from its first byte to the last byte of the
	// response's body, unless [TimeoutApplies] says otherwise. Zero means 30
	// seconds, a negative value no limit.
	Timeout time.Duration
	// ConnectTimeout limits the making of a connection. Zero means 5 seconds,
	// a negative value no limit.
	ConnectTimeout time.Duration
	// MaxResponseSize is how many decoded bytes of a body may be read before
	// reading fails with [ErrTooLarge]. Zero means 10 MiB, a negative value no
	// limit.
	MaxResponseSize int64
	// Header is sent with every request that does not set the same names.
	Header http.Header
	// TLS says how https connections are secured. Nil means the defaults of
	// package crypto/tls. Every server is verified by the name of the host that
	// the connection leads to; ServerName, if set, is that of the base URL's
	// host only. If VerifyConnection is set, it verifies the ServerName of the
	// state that it is given. Package crypto/tls leaves that empty for an IP
	// address: a port that connects to several of them has to fill it in.
	TLS *tls.Config
	// UnixSocket is the path of a socket to connect to, instead of the base
	// URL's host. Other hosts are connected to as without it. "" means none.
	UnixSocket string
	// Proxy is the proxy to go through. Nil means what the environment says.
	Proxy *url.URL
	// MaxConnections is how many connections there may be at a time, to each
	// instance if the client has discovery; further requests wait. Zero means no
	// limit.
	MaxConnections int
	// MaxIdleConnections is how many connections are kept for the next
	// requests, for those to each instance if the client has discovery. Zero means
	// 100.
	MaxIdleConnections int
	// IdleTimeout is how long an unused connection is kept. Zero means 90
	// seconds.
	IdleTimeout time.Duration
	// MaxConnectionAge is how long a connection serves new requests: after
	// that the host's name is looked up anew, and servers that have joined get
	// their share. Zero means for ever.
	MaxConnectionAge time.Duration
	// Protocols are the versions of HTTP to speak. Nil means HTTP/1 and, over
	// TLS, HTTP/2 where the server does.
	Protocols *http.Protocols
	// AllowedHosts are hosts beside the base URL's that redirects, and
	// requests with an absolute URL, may lead to: "files.example.com",
	// "files.example.com:8443" or "*.example.com". No header that may hold a
	// secret follows a redirect there, and Header is not sent.
	AllowedHosts []string
	// DialContext makes the connections, of network "tcp" or "unix", in place of
	// a [net.Dialer]. The connect timeout limits it. Nil means a net.Dialer.
	// Other ports than the net/http adapter may ignore it.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// WrapTransport puts something around the transport of the net/http
	// adapter, see client.WithTransport. Nil means nothing. Other ports may
	// ignore it.
	WrapTransport func(http.RoundTripper) http.RoundTripper
}
