// SPDX-License-Identifier: Apache-2.0

// Package oauth is the token source of a client: the client credentials grant of
// RFC 6749, section 4.4. It fetches one token at a time, keeps it as long as it is
// valid, and its errors show no secret, whatever the authorization server sent.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/pyfly-go/pyfly/client/port"
)

// Config says which tokens to fetch, and where.
type Config struct {
	TokenURL     string
	ClientID     string
	ClientSecret string // "": none is sent
	Audience     string // "": none is sent
	Scopes       []string
}

// Token is an access token.
type Token = oauth2.Token

// Tokens is a token source. It is safe for concurrent use.
type Tokens struct {
	config           clientcredentials.Config
	secrets          *regexp.Regexp // that no error may repeat; nil: none
	http             *http.Client
	closeConnections func()
	current          atomic.Pointer[Token]
	fetches          chan struct{}   // holds one while a token is fetched
	stopped          context.Context // done once closed
	stop             context.CancelFunc
}

// New makes a token source that reaches the authorization server by a transport.
// closeConnections, called by Close, closes what the transport has open.
func New(cfg Config, transport http.RoundTripper, closeConnections func()) *Tokens {
	t := &Tokens{
		config: clientcredentials.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, TokenURL: cfg.TokenURL, Scopes: cfg.Scopes,
		},
		secrets:          secretsOf(cfg),
		http:             &http.Client{Timeout: port.DefaultTimeout, Transport: transport, CheckRedirect: rejectRedirect},
		closeConnections: closeConnections,
		fetches:          make(chan struct{}, 1),
	}
	t.stopped, t.stop = context.WithCancel(context.Background())
	if cfg.Audience != "" {
		t.config.EndpointParams = url.Values{"audience": {cfg.Audience}}
	}
	return t
}

// rejectRedirect keeps the client's secret from going anywhere but to the
// token-url. It is a CheckRedirect of an [http.Client].
func rejectRedirect(next *http.Request, _ []*http.Request) error {
	return redirectError(next.URL.Host)
}

// Close ends a fetch that is under way, and lets none begin.
func (t *Tokens) Close() {
	t.stop()
	t.closeConnections()
}

// Get returns a token that is valid for some seconds more. Many who need one wait
// for one fetch, each no longer than its context lets it. The error is that of ctx,
// [port.ErrStopped] after Close, or an [*Error].
func (t *Tokens) Get(ctx context.Context) (*Token, error) {
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	if t.stopped.Err() != nil {
		return nil, port.ErrStopped
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

var errCut = fmt.Errorf("%w while the request was in flight", port.ErrStopped)

// reason is why a wait or a fetch was ended, if it was.
func (t *Tokens) reason(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.stopped.Err() != nil {
		return errCut
	}
	return nil
}

func (t *Tokens) fetch(ctx context.Context) (*Token, error) {
	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err == nil && strings.ContainsFunc(token.Type()+token.AccessToken, isControl) {
		err = errors.New("it cannot be sent in a header, for it has control characters")
	}
	if err != nil {
		return nil, newError(err, t.secrets)
	}
	return token, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Forget lets the next Get fetch another token.
func (t *Tokens) Forget(token *Token) { t.current.CompareAndSwap(token, nil) }
