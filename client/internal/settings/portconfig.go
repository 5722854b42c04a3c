// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"net/http"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/declaration"
)

// PortConfig returns the configuration of the client's port. Its error is a
// kernel.ErrConfig if a file for TLS cannot be read.
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

// Identity identifies the settings that may change the service's response to
// the same request. It contains secrets.
func (c *Client) Identity() string {
	d := &c.Discovery
	return fmt.Sprintf("%s %v %+v %+v %q %q %q", c.BaseURL, c.Headers, c.Connection, c.Auth, d.Type, d.Service, d.PortName)
}

// Signature identifies the settings of a port. It contains secrets.
func (c *Client) Signature() string {
	return fmt.Sprintf("%+v %+v %+v", c.portConfig(""), c.Connection, c.Auth)
}

// portConfig returns the part of the configuration that needs no file. A
// timeout of zero means none in settings, but the default in a PortConfig.
func (c *Client) portConfig(name string) port.PortConfig {
	p := port.PortConfig{
		Name: name, BaseURL: c.BaseURL, Header: http.Header{},
		Timeout: c.Timeout, ConnectTimeout: c.ConnectTimeout, MaxResponseSize: int64(c.MaxResponseSize),
	}
	for _, m := range c.Methods { // the port must not be stricter than a method
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

// wider returns the larger of two limits, where 0 means none.
func wider[N ~int64](a, b N) N {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// unlimited converts a limit of 0, which means none, to the value that means
// none in a PortConfig.
func unlimited[N ~int64](limit N) N {
	if limit == 0 {
		return -1
	}
	return limit
}
