// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"net/http"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/declaration"
)

// PortConfig returns the configuration of the client's port. Its error, a
// kernel.ErrConfig, is that of a file that TLS needs.
func (c *Client) PortConfig(name string) (port.PortConfig, error) {
	p := c.portConfig(name)
	base, err := declaration.ParseBaseURL(c.BaseURL)
	if err != nil {
		return port.PortConfig{}, err
	}
	c.Auth.authorize(p.Header)
	if err := c.Connection.apply(&p, base.Hostname()); err != nil {
		return port.PortConfig{}, fmt.Errorf("the client %s: %w", name, err)
	}
	return p, nil
}

// Identity tells apart settings with which the service may answer the same request
// differently. It holds secrets.
func (c *Client) Identity() string {
	d := &c.Discovery
	return fmt.Sprintf("%s %v %+v %+v %q %q %q", c.BaseURL, c.Headers, c.Connection, c.Auth, d.Type, d.Service, d.PortName)
}

// Signature tells the settings of a port from others. It holds secrets.
func (c *Client) Signature() string {
	return fmt.Sprintf("%+v %+v %+v", c.portConfig(""), c.Connection, c.Auth)
}

// portConfig returns what needs no file. Timeouts of zero mean none in settings,
// and the default in a PortConfig.
func (c *Client) portConfig(name string) port.PortConfig {
	p := port.PortConfig{
		Name: name, BaseURL: c.BaseURL, Header: http.Header{},
		Timeout: c.Timeout, ConnectTimeout: c.ConnectTimeout, MaxResponseSize: int64(c.MaxResponseSize),
	}
	for _, m := range c.Methods { // the port must not cut what a method allows
		p.Timeout = wider(p.Timeout, m.Timeout)
		p.MaxResponseSize = wider(p.MaxResponseSize, int64(m.MaxResponseSize))
	}
	for name, value := range c.Headers {
		p.Header.Set(name, value)
	}
	p.Timeout = unlimited(p.Timeout)
	p.ConnectTimeout = unlimited(p.ConnectTimeout)
	p.MaxResponseSize = unlimited(p.MaxResponseSize)
	return p
}

// wider returns the larger of two limits, of which 0 means none.
func wider[N ~int64](a, b N) N {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// unlimited turns a limit of 0, none, into what a PortConfig calls none.
func unlimited[N ~int64](limit N) N {
	if limit == 0 {
		return -1
	}
	return limit
}
