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
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
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
	stopped          context.Context // done once closed
	stop             context.CancelFunc

	fetches  sync.WaitGroup // those that nobody waits for any more included
	mu       sync.Mutex
	fetching *fetch // nil: none is under way, or nobody waits for it
}

// New makes a token source that reaches the authorization server by a transport.
// closeConnections, called by Close, closes what the transport has open.
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

// rejectRedirect keeps the client's secret from going anywhere but to the
// token-url. It is a CheckRedirect of an [http.Client].
func rejectRedirect(next *http.Request, _ []*http.Request) error {
	return redirectError(next.URL.Host)
}

// Close ends a fetch that is under way, and lets none begin. It waits a moment for
// the end of the fetch: a transport that ignores its context is not waited for.
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

// Get returns a token that is valid for some seconds more. Many who need one share
// one fetch, its failure too, each waiting no longer than its context lets it. The
// error is that of ctx, [port.ErrStopped] after Close, or an [*Error].
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

// fetch is one request for a token, for all who need one meanwhile.
type fetch struct {
	cancel  context.CancelFunc
	waiting int           // guarded by Tokens.mu
	done    chan struct{} // closed when what follows is set
	token   *Token
	err     error
}

// join returns the fetch that is under way, or begins one. It is nil after Close.
// Who joins leaves.
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

// begin begins a fetch with the values of the context of the first who needs it. It
// ends when nobody waits for it any more.
func (t *Tokens) begin(ctx context.Context) *fetch {
	f := &fetch{done: make(chan struct{})}
	if token := t.current.Load(); token.Valid() { // meanwhile
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
