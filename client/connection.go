// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// connectionSettings say how the service is reached and who asks.
type connectionSettings struct {
	tls         tlsSettings
	proxy       string
	unixSocket  string
	compression string // of requests: "gzip", the name of another ContentCoding, or "none"
	http2       string // "auto", "off" or "prior-knowledge"
	hosts       []string
	secrets     []string
	maxOpen     int
	maxIdle     int
	idle        time.Duration // how long an idle connection is kept; 0: the default
	maxAge      time.Duration // how long a connection takes requests; 0: for ever

	username, password, token string
	oauth2                    oauth2Settings
}

// connection reads the settings of connections, which are the same for all
// methods.
func (r *resolver) connection(s *connectionSettings, prefix string) {
	read(r, &s.tls.caFile, prefix+"tls.ca-file")
	read(r, &s.tls.certFile, prefix+"tls.cert-file")
	read(r, &s.tls.keyFile, prefix+"tls.key-file")
	read(r, &s.tls.serverName, prefix+"tls.server-name")
	if read(r, &s.tls.minVersion, prefix+"tls.min-version") && tlsVersions[s.tls.minVersion] == 0 {
		r.wrong(prefix+"tls.min-version", "write \"1.2\" or \"1.3\"")
	}
	if (s.tls.certFile == "") != (s.tls.keyFile == "") {
		r.wrong(prefix+"tls.cert-file", "tls.cert-file and tls.key-file go together")
	}
	if read(r, &s.proxy, prefix+"proxy") {
		if u, err := url.Parse(s.proxy); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			r.wrong(prefix+"proxy", "write a URL such as http://proxy:3128")
		}
	}
	read(r, &s.unixSocket, prefix+"unix-socket")
	if read(r, &s.compression, prefix+"request-compression") && s.compression != "none" && r.codings != nil && r.codings.of(s.compression) == nil {
		r.wrong(prefix+"request-compression", "write none or one of "+strings.Join(r.codings.names(), ", "))
	}
	if read(r, &s.http2, prefix+"http2") && s.protocols() == nil && s.http2 != "auto" {
		r.wrong(prefix+"http2", "write auto, off or prior-knowledge")
	}
	if read(r, &s.hosts, prefix+"allowed-hosts") {
		for _, host := range s.hosts {
			if _, err := hostpattern.Parse(host); err != nil {
				r.wrong(prefix+"allowed-hosts", "write hosts such as files.example.com, files.example.com:8443, *.example.com or [2001:db8::1]:8443")
			}
		}
	}
	read(r, &s.secrets, prefix+"secret-names")
	r.count(&s.maxOpen, prefix+"pool.max-connections")
	r.count(&s.maxIdle, prefix+"pool.max-idle")
	if read(r, &s.idle, prefix+"pool.idle-timeout") {
		r.notNegative(prefix+"pool.idle-timeout", s.idle)
	}
	if read(r, &s.maxAge, prefix+"pool.max-age") {
		r.notNegative(prefix+"pool.max-age", s.maxAge)
	}
}

func (r *resolver) count(target *int, key string) {
	if read(r, target, key) && *target < 0 {
		r.wrong(key, "write a number that is not negative")
	}
}

// auth reads how a client shows who it is.
func (r *resolver) auth(s *connectionSettings, prefix string) {
	read(r, &s.token, prefix+"bearer.token")
	read(r, &s.username, prefix+"basic.username")
	read(r, &s.password, prefix+"basic.password")
	r.oauth2(&s.oauth2, prefix+"oauth2.")
	ways := 0
	for _, way := range []string{s.token, s.username, s.oauth2.tokenURL} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 {
		r.problems = append(r.problems, r.cfg.Errorf(prefix+"basic.username", "give one of bearer, basic and oauth2"))
	}
	if strings.ContainsFunc(s.token, isControl) {
		r.problems = append(r.problems, fmt.Errorf("%w", r.cfg.Errorf(prefix+"bearer.token", "write a token without line breaks")))
	}
}

// authorize adds the header Authorization.
func (s *connectionSettings) authorize(header http.Header) {
	switch {
	case s.token != "":
		header.Set("Authorization", "Bearer "+s.token)
	case s.username != "" || s.password != "":
		request := http.Request{Header: header}
		request.SetBasicAuth(s.username, s.password)
	}
}

// protocols are what the setting http2 says; nil for the default.
func (s *connectionSettings) protocols() *http.Protocols {
	p := &http.Protocols{}
	switch s.http2 {
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

// apply takes the settings into what a port is told. host is that of the base
// URL.
func (s *connectionSettings) apply(c *PortConfig, host string) error {
	s.authorize(c.Header)
	c.MaxConnections, c.MaxIdleConnections, c.IdleTimeout = s.maxOpen, s.maxIdle, s.idle
	c.UnixSocket, c.MaxConnectionAge, c.Protocols, c.AllowedHosts = s.unixSocket, s.maxAge, s.protocols(), s.hosts
	if s.proxy != "" {
		c.Proxy, _ = url.Parse(s.proxy) // checked when it was read
	}
	var err error
	c.TLS, err = s.tls.config(host)
	return err
}
