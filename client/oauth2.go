// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
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

// tokenFor returns the token of a call. Where the authorization server gave none,
// the error is an [ErrAuthentication].
func tokenFor(ctx context.Context, tokens *oauth.Tokens) (*oauth.Token, error) {
	token, err := tokens.Get(ctx)
	if failed := (*oauth.Error)(nil); errors.As(err, &failed) {
		return nil, fmt.Errorf("%w: %w", ErrAuthentication, err)
	}
	return token, err
}

// authorize returns the interceptor that adds a token. A token that the service
// rejects with 401 is replaced once, if the request can be sent again and the
// service has not acted upon it.
func authorize(tokens *oauth.Tokens) Interceptor {
	return func(next Exchange) Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if req.URL.Host != "" { // another host's
				return next(req)
			}
			return sendAuthorized(req, tokens, next)
		}
	}
}

func sendAuthorized(req *http.Request, tokens *oauth.Tokens, next Exchange) (*http.Response, error) {
	token, err := tokenFor(req.Context(), tokens)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	again := req.Clone(req.Context()) // now: the port may change req
	before := engine.Unproven(req.Context())
	token.SetAuthHeader(req)
	response, err := next(req)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	tokens.Forget(token)
	isRepeatable := engine.IsIdempotent(again.Method) || again.Header["Idempotency-Key"] != nil
	mayHaveActed := engine.IsRedirected(response) || engine.Unproven(req.Context()) > before
	if mayHaveActed && !isRepeatable || !rewind(again) {
		return response, nil
	}
	_, _ = io.CopyN(io.Discard, response.Body, message.MaxDrained)
	_ = response.Body.Close()
	if token, err = tokenFor(again.Context(), tokens); err != nil {
		closeBody(again)
		return nil, err
	}
	token.SetAuthHeader(again)
	return next(again)
}

// rewind gives a request its body anew. It is false if that cannot be done.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
