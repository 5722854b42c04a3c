// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/http"
	"net/url"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// Connection configures the connection to the service. It is the same for all
// methods of a client.
type Connection struct {
	TLS          TLS      `koanf:"tls"`
	Proxy        string   `koanf:"proxy"`
	UnixSocket   string   `koanf:"unix-socket"`
	Compression  string   `koanf:"request-compression"` // "gzip", the name of another coding, or "none"
	HTTP2        string   `koanf:"http2"`               // "auto", "off" or "prior-knowledge"
	AllowedHosts []string `koanf:"allowed-hosts"`
	SecretNames  []string `koanf:"secret-names"`
	Pool         Pool     `koanf:"pool"`
}

// Pool configures the connections that a client keeps. Zero means the default
// of a [port.PortConfig].
type Pool struct {
	MaxConnections int           `koanf:"max-connections"`
	MaxIdle        int           `koanf:"max-idle"`
	IdleTimeout    time.Duration `koanf:"idle-timeout"`
	MaxAge         time.Duration `koanf:"max-age"`
}

// Auth configures how a client authenticates.
type Auth struct {
	Bearer Bearer `koanf:"bearer"`
	Basic  Basic  `koanf:"basic"`
	OAuth2 OAuth2 `koanf:"oauth2"`
}

// Bearer is a token that is sent unchanged.
type Bearer struct {
	Token string `koanf:"token"`
}

// Basic is a user name and a password.
type Basic struct {
	Username string `koanf:"username"`
	Password string `koanf:"password"`
}

// OAuth2 are the settings of the client credentials grant of RFC 6749, section 4.4.
type OAuth2 struct {
	TokenURL     string   `koanf:"token-url"`
	ClientID     string   `koanf:"client-id"`
	ClientSecret string   `koanf:"client-secret"`
	Audience     string   `koanf:"audience"`
	Scopes       []string `koanf:"scopes"`
}

// authorize adds the header Authorization.
func (a *Auth) authorize(header http.Header) {
	switch {
	case a.Bearer.Token != "":
		header.Set("Authorization", "Bearer "+a.Bearer.Token)
	case a.Basic.Username != "" || a.Basic.Password != "":
		request := http.Request{Header: header}
		request.SetBasicAuth(a.Basic.Username, a.Basic.Password)
	}
}

// protocols returns the HTTP versions of the setting http2, or nil for the
// default.
func (c *Connection) protocols() *http.Protocols {
	p := &http.Protocols{}
	switch c.HTTP2 {
	case "off":
		p.SetHTTP1(true)
	case "prior-knowledge":
		p.SetHTTP2(true)
		p.SetUnencryptedHTTP2(true)
	default:
		return nil
	}
	return p
}

// apply copies the settings to the configuration of a port. host is the host of
// the base URL.
func (c *Connection) apply(p *port.PortConfig, host string) error {
	p.MaxConnections, p.MaxIdleConnections, p.IdleTimeout = c.Pool.MaxConnections, c.Pool.MaxIdle, c.Pool.IdleTimeout
	p.UnixSocket, p.MaxConnectionAge, p.Protocols, p.AllowedHosts = c.UnixSocket, c.Pool.MaxAge, c.protocols(), c.AllowedHosts
	if c.Proxy != "" {
		p.Proxy, _ = url.Parse(c.Proxy) // checked when it was read
	}
	var err error
	p.TLS, err = c.TLS.config(host)
	return err
}
