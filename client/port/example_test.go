// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
)

// adapter is a small HttpClientPort on http.Client. It reads every response whole
// and follows no redirect.
type adapter struct {
	cfg    port.PortConfig
	base   string // without slash at its end
	client http.Client
	ctx    context.Context // done once requests in flight are cut
	cut    context.CancelCauseFunc

	mu       sync.Mutex
	stopped  bool
	inFlight sync.WaitGroup
}

// newAdapter is an HttpClientFactory.
func newAdapter(cfg port.PortConfig) (port.HttpClientPort, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("client %s: %w: its base URL is not valid", cfg.Name, kernel.ErrConfig)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = port.DefaultTimeout
	}
	if cfg.MaxResponseSize == 0 {
		cfg.MaxResponseSize = port.DefaultMaxResponseSize
	}
	a := &adapter{cfg: cfg, base: strings.TrimSuffix(base.String(), "/")}
	// The name in certificates is the service's, for its instances as well.
	a.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{ServerName: base.Hostname()}}
	a.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a.ctx, a.cut = context.WithCancelCause(context.Background())
	return a, nil
}

func (a *adapter) Start(context.Context) error { return nil }

func (a *adapter) Request(req *http.Request) (*http.Response, error) {
	if !a.enter() {
		return nil, fmt.Errorf("client %s: %w", a.cfg.Name, port.ErrStopped)
	}
	defer a.inFlight.Done()
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	defer context.AfterFunc(a.ctx, func() { cancel(context.Cause(a.ctx)) })()
	if timeout := a.cfg.Timeout; timeout > 0 && port.TimeoutApplies(ctx) {
		timer := time.AfterFunc(timeout, func() { cancel(port.NewTimeoutError("timeout", timeout)) })
		defer timer.Stop()
	}
	req = req.WithContext(ctx)
	if _, ok := port.InstanceOf(ctx); !ok { // else the URL is complete
		target, err := url.Parse(a.base + "/" + strings.TrimPrefix(req.URL.RequestURI(), "/"))
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", a.cfg.Name, port.ErrInvalidRequest)
		}
		req.URL = target
	}
	for name, values := range a.cfg.Header {
		if req.Header[name] == nil {
			req.Header[name] = values
		}
	}
	return a.exchange(req)
}

// exchange sends the request and reads the response. Its errors wrap those of
// package net, which prove that a request was not sent.
func (a *adapter) exchange(req *http.Request) (*http.Response, error) {
	response, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body := io.Reader(response.Body)
	limit := a.cfg.MaxResponseSize
	isLimited := limit > 0 && !port.IsStreaming(req.Context())
	if isLimited {
		body = io.LimitReader(body, limit+1)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if isLimited && int64(len(content)) > limit {
		return nil, fmt.Errorf("client %s: %w: more than %d bytes", a.cfg.Name, port.ErrTooLarge, limit)
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	return response, nil
}

// enter counts a request in flight, unless the adapter is stopped.
func (a *adapter) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stopped {
		a.inFlight.Add(1)
	}
	return !a.stopped
}

func (a *adapter) Stop(ctx context.Context) error {
	a.mu.Lock()
	a.stopped = true
	a.mu.Unlock()
	isCut := context.AfterFunc(ctx, func() { a.cut(port.ErrStopped) })
	a.inFlight.Wait()
	isCut()
	a.client.CloseIdleConnections()
	return nil
}

func Example_adapter() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s for tenant %s", r.RequestURI, r.Header.Get("X-Tenant"))
	}))
	defer server.Close()

	// An application passes newAdapter to client.WithFactory, and clients call it.
	var factory port.HttpClientFactory = newAdapter
	inventory, err := factory(port.PortConfig{
		Name:    "inventory-client",
		BaseURL: server.URL + "/api",
		Header:  http.Header{"X-Tenant": {"acme"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = inventory.Stop(ctx) }()

	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/products?page=2", nil)
	response, err := inventory.Request(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))
	// Output: 200 /api/products?page=2 for tenant acme
}
