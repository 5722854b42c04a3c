// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
)

// maxResponseHeader is the maximum size of response headers: fasthttp reads
// them into a buffer of this size.
const maxResponseHeader = 64 << 10

// fasthttpAdapter is a port.HttpClientPort that uses
// github.com/valyala/fasthttp. It supports HTTP/1.1, reads every response
// completely before it returns it, and does not follow redirects or request
// compression.
type fasthttpAdapter struct {
	name    string
	origin  string // scheme and host of the base URL
	path    string // of the base URL, without slash at its end
	header  http.Header
	timeout time.Duration // 0: none
	host    *fasthttp.HostClient
	gate    *gate

	newHost   func(address string) *fasthttp.HostClient
	mu        sync.Mutex
	instances map[string]*fasthttp.HostClient // by address; those of a client with discovery
}

// newFasthttpAdapter is a port.HttpClientFactory.
func newFasthttpAdapter(cfg port.PortConfig) (port.HttpClientPort, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https" {
		// Omit the cause: it contains the URL, which may hold a password.
		return nil, fmt.Errorf("client %s: %w: its base URL cannot be used: write one such as http://inventory:8080", cfg.Name, kernel.ErrConfig)
	}
	a := &fasthttpAdapter{
		name:    cfg.Name,
		origin:  base.Scheme + "://" + base.Host,
		path:    strings.TrimSuffix(base.EscapedPath(), "/"),
		header:  headerWithAuth(cfg.Header, base.User),
		timeout: limit(cfg.Timeout, port.DefaultTimeout),
		gate:    newGate(),

		instances: map[string]*fasthttp.HostClient{},
	}
	dialer := net.Dialer{Timeout: limit(cfg.ConnectTimeout, port.DefaultConnectTimeout)}
	isTLS := base.Scheme == "https"
	a.newHost = func(address string) *fasthttp.HostClient {
		return &fasthttp.HostClient{
			Addr:  address,
			IsTLS: isTLS,
			// The certificate must be for the host of the base URL, for instances as well.
			TLSConfig: &tls.Config{ServerName: base.Hostname()},
			// Only this function dials, so the error proves that no connection was
			// established.
			Dial:                func(address string) (net.Conn, error) { return dialer.DialContext(a.gate.ctx, "tcp", address) },
			Transport:           transport{},
			ConnPoolStrategy:    fasthttp.LIFO, // so that those that are not needed become idle and are closed
			MaxConns:            math.MaxInt32,
			ReadBufferSize:      maxResponseHeader,
			MaxResponseBodySize: int(min(limit(cfg.MaxResponseSize, port.DefaultMaxResponseSize), math.MaxInt)),
			// Otherwise a%2Fb would become a/b.
			DisablePathNormalizing: true,
			// Retries GET, HEAD and PUT, only if the connection turns out to be
			// closed: see transport. It ends when no such connection is left. All
			// other retries are left to the client's retry policy.
			MaxIdemponentCallAttempts: math.MaxInt32,
		}
	}
	a.host = a.newHost(fasthttp.AddMissingPort(base.Host, isTLS))
	return a, nil
}

// hostOf returns the host that a request is sent to, and the prefix of its path,
// which is empty for a request to an instance.
func (a *fasthttpAdapter) hostOf(ctx context.Context) (host *fasthttp.HostClient, path string) {
	address, ok := port.InstanceOf(ctx)
	if !ok {
		return a.host, a.path
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.instances[address] == nil {
		a.instances[address] = a.newHost(address)
	}
	return a.instances[address], ""
}

// CloseInstance implements port.InstanceCloser. Connections in use are closed
// after they have been idle for a while.
func (a *fasthttpAdapter) CloseInstance(address string) {
	a.mu.Lock()
	host := a.instances[address]
	delete(a.instances, address)
	a.mu.Unlock()
	if host != nil {
		host.CloseIdleConnections()
	}
}

// limit converts a limit of a port.PortConfig; the result 0 means none.
func limit[N ~int64](configured, byDefault N) N {
	if configured == 0 {
		return byDefault
	}
	return max(configured, 0)
}

func headerWithAuth(configured http.Header, user *url.Userinfo) http.Header {
	header := http.Header{}
	for name, values := range configured {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if user != nil && header["Authorization"] == nil {
		password, _ := user.Password()
		withAuth := http.Request{Header: header}
		withAuth.SetBasicAuth(user.Username(), password)
	}
	return header
}

// Start implements port.HttpClientPort.
func (a *fasthttpAdapter) Start(context.Context) error { return nil }

// Request implements port.HttpClientPort.
func (a *fasthttpAdapter) Request(req *http.Request) (*http.Response, error) {
	host, path := a.hostOf(req.Context())
	sent, err := a.request(req, path)
	if err != nil {
		return nil, err
	}
	timeout := a.timeout
	if !port.TimeoutApplies(req.Context()) { // the client limits the call itself
		timeout = 0
	}
	ctx, leave, err := a.gate.enter(req.Context(), timeout)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", a.name, err)
	}
	defer leave()
	var answer fasthttp.Response
	sent.SetUserValue(contextKey{}, ctx)
	err = host.Do(sent, &answer)
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return nil, fmt.Errorf("%w: more than %d bytes", port.ErrTooLarge, host.MaxResponseBodySize)
	case err != nil:
		return nil, explain(ctx, err)
	}
	return response(req, &answer), nil
}

// Stop implements port.HttpClientPort.
func (a *fasthttpAdapter) Stop(ctx context.Context) error {
	cut := a.gate.stop(ctx)
	a.host.CloseIdleConnections()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, host := range a.instances {
		host.CloseIdleConnections()
	}
	if cut > 0 {
		return fmt.Errorf("client %s: requests cancelled because they did not finish within the stop timeout: %d: %w", a.name, cut, ctx.Err())
	}
	return nil
}

// explain returns the cause of err if ctx is done: fasthttp itself sees only
// that its connection was closed.
func explain(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	reason := context.Cause(ctx)
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return &net.OpError{Op: op.Op, Net: op.Net, Addr: op.Addr, Err: reason}
	}
	return reason
}

// request converts a request. It reads the whole body, because fasthttp may
// send it again on another connection.
func (a *fasthttpAdapter) request(req *http.Request, path string) (*fasthttp.Request, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	sent := &fasthttp.Request{}
	target := req.URL.RequestURI()
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	target = a.origin + path + target
	sent.SetRequestURI(target)
	// Called again for the error that SetRequestURI does not return.
	if err := sent.URI().Parse(nil, []byte(target)); err != nil {
		return nil, fmt.Errorf("%w: its URL cannot be sent", port.ErrInvalidRequest)
	}
	sent.Header.SetMethod(req.Method)
	sent.Header.SetNoDefaultContentType(true)
	addHeader(sent, a.header, req.Header)
	addHeader(sent, req.Header, nil)
	sent.SetBodyRaw(body)
	return sent, nil
}

// addHeader adds the values that another header does not set.
func addHeader(sent *fasthttp.Request, header, except http.Header) {
	for name, values := range header {
		if _, isSet := except[name]; isSet {
			continue
		}
		if name == "Host" { // else the base URL's is sent
			sent.UseHostHeader = true
		}
		for _, value := range values {
			sent.Header.Add(name, value)
		}
	}
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("reading the body of the request: %w", err)
	}
	return body, nil
}

func response(req *http.Request, answer *fasthttp.Response) *http.Response {
	body := answer.Body()
	r := &http.Response{
		Status:     fmt.Sprintf("%d %s", answer.StatusCode(), http.StatusText(answer.StatusCode())),
		StatusCode: answer.StatusCode(),
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
	for name, value := range answer.Header.All() {
		r.Header.Add(string(name), string(value))
	}
	return r
}
