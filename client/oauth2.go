// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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
	secrets *regexp.Regexp // that no error may repeat
	http    *http.Client
	dialer  *dialer // of its connections
	current atomic.Pointer[oauth2.Token]
	fetches chan struct{}   // holds one while a token is fetched
	stopped context.Context // done once closed
	stop    context.CancelFunc
}

// newTokens makes the token source of the client whose port has the given
// configuration. It reaches the authorization server as the client reaches its
// service: with the client's proxy, TLS and way to connect. The server is verified
// by its own name, and speaks its own version of HTTP.
func newTokens(s oauth2Settings, cfg PortConfig, base *url.URL) *tokens {
	if u, err := url.Parse(s.tokenURL); err == nil { // checked when it was read
		cfg.AllowedHosts = []string{u.Host}
	}
	cfg.Protocols, cfg.MaxConnectionAge = nil, 0
	d := newDialer(limitOrDefault(cfg.ConnectTimeout, DefaultConnectTimeout), cfg.DialContext)
	t := &tokens{
		config: clientcredentials.Config{
			ClientID: s.clientID, ClientSecret: s.clientSecret, TokenURL: s.tokenURL, Scopes: s.scopes,
		},
		secrets: secretsOf(s),
		http:    &http.Client{Timeout: DefaultTimeout, Transport: configure(newTransport(d), &cfg, base), CheckRedirect: refuseRedirect},
		dialer:  d,
		fetches: make(chan struct{}, 1),
	}
	t.stopped, t.stop = context.WithCancel(context.Background())
	if s.audience != "" {
		t.config.EndpointParams = url.Values{"audience": {s.audience}}
	}
	return t
}

// refuseRedirect keeps the client's secret from going anywhere but to the
// token-url. It is a CheckRedirect of an [http.Client].
func refuseRedirect(next *http.Request, _ []*http.Request) error {
	return tokenRedirectError(next.URL.Host)
}

// tokenRedirectError is the host that a token-url redirects to.
type tokenRedirectError string

func (host tokenRedirectError) Error() string {
	return fmt.Sprintf("token-url redirects to the host %q, which is not followed: set token-url to where the tokens are", string(host))
}

// close ends a fetch that is under way, and lets none begin.
func (t *tokens) close() {
	t.stop()
	t.http.CloseIdleConnections()
	t.dialer.close()
}

// get returns a token that is valid for some seconds more. Many who need one
// wait for one fetch, each no longer than its context lets it.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	if t.stopped.Err() != nil {
		return nil, ErrStopped
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.stopped, cancel)()
	select {
	case t.fetches <- struct{}{}:
		defer func() { <-t.fetches }()
	case <-running.Done():
		return nil, t.reason(ctx)
	}
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	token, err := t.fetch(running)
	if reason := t.reason(ctx); err != nil && reason != nil {
		return nil, reason
	}
	if err != nil {
		return nil, err
	}
	t.current.Store(token)
	return token, nil
}

// reason is why a wait or a fetch was ended, if it was.
func (t *tokens) reason(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.stopped.Err() != nil {
		return errCut
	}
	return nil
}

func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err == nil && strings.ContainsFunc(token.Type()+token.AccessToken, isControl) {
		err = errors.New("it cannot be sent in a header, for it has control characters")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the authorization server gave no token: %w", ErrAuthentication, newTokenError(err, t.secrets))
	}
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
		_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
		_ = response.Body.Close()
		if token, err = t.get(again.Context()); err != nil {
			closeRequestBody(again)
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
