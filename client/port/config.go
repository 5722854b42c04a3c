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

// PortConfig is the configuration of a port: the settings of one client that
// concern the connection to its service.
type PortConfig struct {
	// Name is the client's name, such as "inventory-client".
	Name string
	// BaseURL is absolute, with scheme and host. Its path, if any, precedes the
	// path of every request.
	BaseURL string
	// Timeout limits one request from its first byte to the last byte of the
	// response's body, unless [TimeoutApplies] returns false. Zero means 30
	// seconds, a negative value no limit.
	Timeout time.Duration
	// ConnectTimeout limits the time to establish a connection. Zero means 5
	// seconds, a negative value no limit.
	ConnectTimeout time.Duration
	// MaxResponseSize is the maximum number of decoded bytes of a body. Reading
	// more fails with [ErrTooLarge]. Zero means 10 MiB, a negative value no
	// limit.
	MaxResponseSize int64
	// Header is added to every request, except names that the request sets
	// itself.
	Header http.Header
	// TLS configures https connections. Nil means the defaults of package
	// crypto/tls. A server is always verified by the name of the host that is
	// connected to; ServerName, if set, applies only to the host of the base
	// URL. If VerifyConnection is set, it verifies the ServerName of the state
	// that it receives. Package crypto/tls leaves that name empty for an IP
	// address: a port that connects to several IP addresses must set it.
	TLS *tls.Config
	// UnixSocket is the path of a socket to connect to in place of the base
	// URL's host. It does not apply to other hosts. "" means none.
	UnixSocket string
	// Proxy is the URL of the proxy. Nil means the proxy of the environment.
	Proxy *url.URL
	// MaxConnections is how many connections there may be at a time, to each
	// instance if the client has discovery; further requests wait. Zero means no
	// limit.
	MaxConnections int
	// MaxIdleConnections is how many connections are kept for the next
	// requests, for those to each instance if the client has discovery. Zero means
	// 100.
	MaxIdleConnections int
	// IdleTimeout is how long an idle connection is kept. Zero means 90
	// seconds.
	IdleTimeout time.Duration
	// MaxConnectionAge is how long a connection serves new requests. After
	// that, the host name is resolved again, so that new servers receive
	// requests too. Zero means no limit.
	MaxConnectionAge time.Duration
	// Protocols are the versions of HTTP to use. Nil means HTTP/1, and HTTP/2
	// over TLS if the server supports it.
	Protocols *http.Protocols
	// AllowedHosts are the hosts, in addition to the base URL's, that redirects
	// and requests with an absolute URL may lead to: "files.example.com",
	// "files.example.com:8443" or "*.example.com". A redirect to such a host
	// carries no headers that may hold secrets, and Header is not sent.
	AllowedHosts []string
	// DialContext establishes connections of network "tcp" or "unix" in place
	// of a [net.Dialer]. The connect timeout limits it. Nil means a net.Dialer.
	// Ports other than the net/http adapter may ignore it.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// WrapTransport wraps the transport of the net/http adapter, see
	// client.WithTransport. Nil means no wrapper. Other ports may ignore it.
	WrapTransport func(http.RoundTripper) http.RoundTripper
}
