// SPDX-License-Identifier: Apache-2.0

// Package oauth implements the token source of a client: the client credentials
// grant of RFC 6749, section 4.4. It fetches one token at a time and keeps it
// while it is valid. Its errors contain no secrets, whatever the authorization
// server sent.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Config configures which tokens to fetch, and where.
type Config struct {
	TokenURL     string
	ClientID     string
	ClientSecret string // not sent if ""
	Audience     string // not sent if ""
	Scopes       []string
}

// Token is an access token.
type Token = oauth2.Token

// Tokens is a token source. It is safe for concurrent use.
type Tokens struct {
	config           clientcredentials.Config
	secrets          *regexp.Regexp // must not appear in errors; nil if there are none
	http             *http.Client
	closeConnections func()
	current          atomic.Pointer[Token]
	stopped          context.Context // done once closed
	stop             context.CancelFunc

	fetches  sync.WaitGroup // includes those without waiting callers
	mu       sync.Mutex
	fetching *fetch // nil if none is running, or no caller waits for it
}

// New returns a token source that sends requests through a transport. Close
// calls closeConnections, which must close the transport's open connections.
func New(cfg Config, transport http.RoundTripper, closeConnections func()) *Tokens {
	t := &Tokens{
		config: clientcredentials.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, TokenURL: cfg.TokenURL, Scopes: cfg.Scopes,
		},
		secrets:          secretsOf(cfg),
		http:             &http.Client{Transport: transport, CheckRedirect: rejectRedirect},
		closeConnections: closeConnections,
	}
	t.stopped, t.stop = context.WithCancel(context.Background())
	if cfg.Audience != "" {
		t.config.EndpointParams = url.Values{"audience": {cfg.Audience}}
	}
	return t
}

// rejectRedirect prevents the client's secret from being sent to any URL other
// than the token-url. It is a CheckRedirect function of an [http.Client].
func rejectRedirect(next *http.Request, _ []*http.Request) error {
	return redirectError(next.URL.Host)
}

// Close cancels a running fetch and prevents new ones. It waits briefly for the
// end of the fetch; it does not wait for a transport that ignores its context.
func (t *Tokens) Close() {
	t.stop()
	t.mu.Lock()
	idle := make(chan struct{})
	go func() { t.fetches.Wait(); close(idle) }()
	t.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(closeLimit):
	}
	t.closeConnections()
}

const closeLimit = time.Second

// Get returns a token that is valid for at least some seconds. Concurrent
// callers share one fetch, including its failure. Each caller waits until its
// own context is done. The error is that of ctx, [port.ErrStopped] after Close,
// or an [*Error].
func (t *Tokens) Get(ctx context.Context) (*Token, error) {
	if token := t.current.Load(); token.Valid() {
		return token, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := t.join(ctx)
	if f == nil {
		return nil, port.ErrStopped
	}
	defer t.leave(f)
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.stopped.Done():
		return nil, errCut
	}
	if f.err != nil && t.stopped.Err() != nil {
		return nil, errCut
	}
	return f.token, f.err
}

// fetch is one request for a token, shared by concurrent callers.
type fetch struct {
	cancel  context.CancelFunc
	waiting int           // guarded by Tokens.mu
	done    chan struct{} // closed when the fields below are set
	token   *Token
	err     error
}

// join returns the running fetch, or begins one. It returns nil after Close.
// Every caller that joins must leave.
func (t *Tokens) join(ctx context.Context) *fetch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped.Err() != nil {
		return nil
	}
	if t.fetching == nil {
		t.fetching = t.begin(ctx)
	}
	t.fetching.waiting++
	return t.fetching
}

// begin begins a fetch with the values of the context of its first caller. The
// fetch is cancelled when no caller waits for it.
func (t *Tokens) begin(ctx context.Context) *fetch {
	f := &fetch{done: make(chan struct{})}
	if token := t.current.Load(); token.Valid() { // set by another fetch in the meantime
		f.token, f.cancel = token, func() {}
		close(f.done)
		return f
	}
	ctx, f.cancel = context.WithTimeout(context.WithoutCancel(ctx), port.DefaultTimeout)
	detach := context.AfterFunc(t.stopped, f.cancel)
	t.fetches.Go(func() {
		defer detach()
		defer f.cancel()
		var token *Token
		err := usercode.Call(func() (err error) { token, err = t.request(ctx); return err })
		t.mu.Lock()
		defer t.mu.Unlock()
		if f.token, f.err = token, err; err == nil {
			t.current.Store(token)
		}
		if t.fetching == f {
			t.fetching = nil
		}
		close(f.done)
	})
	return f
}

func (t *Tokens) leave(f *fetch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.waiting--; f.waiting == 0 && t.fetching == f {
		t.fetching = nil
		f.cancel()
	}
}

var errCut = fmt.Errorf("%w while the request was in flight", port.ErrStopped)

func (t *Tokens) request(ctx context.Context) (*Token, error) {
	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err == nil && strings.ContainsFunc(token.Type()+token.AccessToken, isControl) {
		err = errors.New("it has control characters and cannot be sent in a header")
	}
	if err != nil {
		return nil, newError(err, t.secrets)
	}
	return token, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Forget makes the next Get fetch a new token.
func (t *Tokens) Forget(token *Token) { t.current.CompareAndSwap(token, nil) }
