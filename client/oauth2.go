// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// oauth2Settings are the settings below auth.oauth2: the client credentials
// grant of RFC 6749, section 4.4.
type oauth2Settings struct {
	tokenURL, clientID, clientSecret, audience string
	scopes                                     []string
}

func (r *resolver) oauth2(s *oauth2Settings, prefix string) {
	if !read(r, &s.tokenURL, prefix+"token-url") {
		return
	}
	if u, err := url.Parse(s.tokenURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.wrong(prefix+"token-url", "write a URL such as https://auth/token")
	}
	read(r, &s.clientID, prefix+"client-id")
	read(r, &s.clientSecret, prefix+"client-secret")
	read(r, &s.audience, prefix+"audience")
	read(r, &s.scopes, prefix+"scopes")
	if s.clientID == "" {
		r.wrong(prefix+"client-id", "write the identifier that the authorization server knows this application by")
	}
}

// tokens fetches tokens, one at a time, and keeps one as long as it is valid.
type tokens struct {
	config  clientcredentials.Config
	http    *http.Client
	current atomic.Pointer[oauth2.Token]
	fetches chan struct{} // holds one while a token is fetched
}

func newTokens(s oauth2Settings) *tokens {
	t := &tokens{
		config: clientcredentials.Config{
			ClientID: s.clientID, ClientSecret: s.clientSecret, TokenURL: s.tokenURL, Scopes: s.scopes,
		},
		http:    &http.Client{Timeout: DefaultTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone()},
		fetches: make(chan struct{}, 1),
	}
	if s.audience != "" {
		t.config.EndpointParams = url.Values{"audience": {s.audience}}
	}
	return t
}

func (t *tokens) close() { t.http.CloseIdleConnections() }

// get returns a token that is valid for some seconds more. Many who need one
// wait for one fetch, each no longer than its context lets it.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	select {
	case t.fetches <- struct{}{}:
		defer func() { <-t.fetches }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return nil, fmt.Errorf("%w: the authorization server gave no token: %w", ErrAuthentication, withoutURL(err))
	}
	t.current.Store(token)
	return token, nil
}

// forget lets the next call fetch another token.
func (t *tokens) forget(token *oauth2.Token) { t.current.CompareAndSwap(token, nil) }

// authorize is the interceptor that adds the token. A token that the service
// refuses with 401 is replaced once, if the request can be sent again and the
// service has not acted upon it.
func (t *tokens) authorize(next Exchange) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != "" { // another host's
			return next(req)
		}
		token, err := t.get(req.Context())
		if err != nil {
			closeRequestBody(req)
			return nil, err
		}
		again := req.Clone(req.Context()) // now: the port may change req
		sent := sendsOf(req.Context())
		before := sent.unproven()
		token.SetAuthHeader(req)
		response, err := next(req)
		if err != nil || response.StatusCode != http.StatusUnauthorized {
			return response, err
		}
		t.forget(token)
		isRepeatable := isIdempotent(again.Method) || again.Header["Idempotency-Key"] != nil
		mayHaveActed := isRedirected(response) || sent.unproven() > before
		if mayHaveActed && !isRepeatable || !rewind(again) {
			return response, nil
		}
		_ = response.Body.Close()
		if token, err = t.get(again.Context()); err != nil {
			return nil, err
		}
		token.SetAuthHeader(again)
		return next(again)
	}
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
