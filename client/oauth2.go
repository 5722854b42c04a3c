// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/internal/settings"
)

// newTokens makes the token source of the client whose port has the given
// configuration. It reaches the authorization server as the client reaches its
// service: with the client's proxy, TLS and way to connect. The server is verified
// by its own name, and speaks its own version of HTTP.
func newTokens(s settings.OAuth2, cfg PortConfig, base *url.URL) *oauth.Tokens {
	if u, err := url.Parse(s.TokenURL); err == nil { // checked when it was read
		cfg.AllowedHosts = []string{u.Host}
	}
	cfg.Protocols, cfg.MaxConnectionAge = nil, 0
	transport, closeConnections := nethttp.NewTransport(base, cfg)
	return oauth.New(oauth.Config{
		TokenURL: s.TokenURL, ClientID: s.ClientID, ClientSecret: s.ClientSecret, Audience: s.Audience, Scopes: s.Scopes,
	}, transport, closeConnections)
}

// withoutToken is the error of a call for which the authorization server gave no
// token: an [ErrAuthentication].
func withoutToken(err error) error {
	if failed := (*oauth.Error)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%w: %w", ErrAuthentication, err)
	}
	return err
}
