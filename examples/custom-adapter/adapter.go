// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/pyfly-go/pyfly/client"
)

// adapter is an HttpClientPort backed by resty. What resty does not do, or does
// otherwise than the port promises, is here: the base URL's path, the limit of
// an answer's size, redirects, and an orderly stop.
type adapter struct {
	config client.PortConfig
	base   string // without a slash at its end
	resty  *resty.Client
	calls  *inFlight
}

// newAdapter is a client.HttpClientFactory.
func newAdapter(cfg client.PortConfig) (client.HttpClientPort, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("client %s: its base URL has no host", cfg.Name)
	}
	r := resty.New().SetRedirectPolicy(resty.RedirectPolicyFunc(sameHostOnly)).SetCookieJar(nil)
	for name, values := range cfg.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = client.DefaultTimeout
	}
	if cfg.MaxResponseSize == 0 {
		cfg.MaxResponseSize = client.DefaultMaxResponseSize
	}
	return &adapter{cfg, strings.TrimSuffix(cfg.BaseURL, "/"), r, newInFlight()}, nil
}

// sameHostOnly keeps what was meant for one host from another.
func sameHostOnly(next *http.Request, via []*http.Request) error {
	if next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
		return http.ErrUseLastResponse
	}
	if len(via) > 10 {
		return errors.New("redirected more than 10 times")
	}
	return nil
}

// Request implements client.HttpClientPort.
func (a *adapter) Request(req *http.Request) (*http.Response, error) {
	ctx, done, err := a.calls.begin(req.Context(), a.config.Timeout)
	if err != nil {
		return nil, err
	}
	call := a.resty.R().SetContext(ctx).SetDoNotParseResponse(true)
	call.Header = req.Header
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			done()
			return nil, err
		}
		call.SetBody(body)
	}
	target := a.base + req.URL.EscapedPath()
	if req.URL.RawQuery != "" {
		target += "?" + req.URL.RawQuery
	}
	response, err := call.Execute(req.Method, target)
	if err != nil {
		defer done()
		return nil, explain(ctx, err)
	}
	raw := response.RawResponse
	raw.Body = &body{ReadCloser: raw.Body, ctx: ctx, done: done, left: a.config.MaxResponseSize, limit: a.config.MaxResponseSize}
	return raw, nil
}

// Start implements client.HttpClientPort.
func (a *adapter) Start(context.Context) error { return nil }

// Stop implements client.HttpClientPort.
func (a *adapter) Stop(ctx context.Context) error {
	err := a.calls.stop(ctx)
	a.resty.GetClient().CloseIdleConnections()
	return err
}

// explain says why a call ended, without the URL that resty's error shows.
func explain(ctx context.Context, err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	if cause := context.Cause(ctx); errors.Is(cause, client.ErrStopped) {
		return cause
	}
	return err
}

// body ends a call when it has been read or closed, and limits its size.
type body struct {
	io.ReadCloser
	ctx         context.Context
	done        func()
	left, limit int64
	err         error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	if b.limit > 0 {
		if b.left -= int64(n); b.left < 0 {
			n += int(b.left)
			err = fmt.Errorf("%w: it has more than %d bytes", client.ErrTooLarge, b.limit)
		}
	}
	if err != nil && err != io.EOF {
		err = explain(b.ctx, err)
	}
	if err != nil {
		b.done()
	}
	b.err = err
	return n, err
}

func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// withTimeout is context.WithTimeout, with negative values for none.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
