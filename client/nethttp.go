// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/internal/declaration"
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
// followed but returned as the response, so that nothing meant for one server
// reaches another. As everywhere in net/http, a 301, 302 or 303 turns a POST
// into a GET, while 307 and 308 repeat it.
//
// Each instance of a service, see [port.InstanceOf], has a pool of its own.
// Certificates, proxies and redirects are those of the base URL's host. The
// adapter is a [port.InstanceCloser].
//
// Timeout begins when Request is called and ends with the body; for a streamed
// response it ends with the headers. It is left to the request's context when
// that has an earlier deadline. Requests are served before Start as well, which
// does nothing.
func NewNetHTTPAdapter(cfg PortConfig) (HttpClientPort, error) {
	base, err := declaration.ParseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("client %s: its base URL is wrong: %w: %w", cfg.Name, kernel.ErrConfig, err)
	}
	adapter, err := nethttp.New(base, cfg)
	if err != nil {
		return nil, err
	}
	return adapter, nil
}
