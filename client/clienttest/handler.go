// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// HandlerFactory returns a factory of ports that call h in place of a server,
// without a network. The handler receives URL, headers and body as on a server.
// Its response is collected and returned when the handler has returned, so it
// cannot stream. A handler that panics breaks the connection.
//
// All fields of PortConfig except ConnectTimeout are honoured. A request that
// is cancelled or times out does not wait for the handler, whose context is done
// then.
func HandlerFactory(h http.Handler) port.HttpClientFactory {
	return func(cfg port.PortConfig) (port.HttpClientPort, error) {
		if h == nil {
			return nil, errors.New("clienttest: HandlerFactory was given a nil handler")
		}
		base, err := url.Parse(cfg.BaseURL)
		if err != nil || base.Host == "" {
			return nil, fmt.Errorf("clienttest: the base URL of client %s cannot be used: write one such as http://inventory", cfg.Name)
		}
		return &handlerPort{handler: h, cfg: cfg, base: base}, nil
	}
}

type handlerPort struct {
	handler http.Handler
	cfg     port.PortConfig
	base    *url.URL
	gate    gate
}

func (p *handlerPort) Start(context.Context) error    { return nil }
func (p *handlerPort) Stop(ctx context.Context) error { return p.gate.stop(ctx) }

func (p *handlerPort) Request(req *http.Request) (*http.Response, error) {
	ctx, cancel := p.withTimeout(req.Context())
	defer cancel()
	passage, err := p.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	received, err := p.received(req.WithContext(passage.ctx))
	if err != nil {
		passage.leave()
		return nil, err
	}
	recorder := httptest.NewRecorder()
	done := make(chan error, 1)
	go func() { done <- serve(p.handler, recorder, received) }()
	select {
	case err = <-done:
		passage.leave()
	case <-passage.ctx.Done():
		err = passage.err(ctx)
		go func() { // the handler counts as in flight until it returns
			<-done
			passage.leave()
		}()
	}
	if err != nil {
		return nil, err
	}
	return p.response(req, recorder.Result()), nil
}

func (p *handlerPort) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := p.cfg.Timeout
	switch {
	case timeout < 0:
		return context.WithCancel(ctx)
	case timeout == 0:
		timeout = port.DefaultTimeout
	}
	return context.WithTimeout(ctx, timeout)
}

// received returns the request as a server passes it to its handler.
func (p *handlerPort) received(req *http.Request) (*http.Request, error) {
	body, err := readRequestBody(req)
	if err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(p.base.EscapedPath(), "/")
	target, err := url.ParseRequestURI(base + req.URL.RequestURI())
	if err != nil {
		return nil, fmt.Errorf("%w: the URL is not valid: %w", port.ErrInvalidRequest, err)
	}
	received := req.Clone(req.Context())
	received.URL, received.RequestURI = target, target.RequestURI()
	received.Method, received.Host = verbOf(req), p.base.Host
	received.RemoteAddr = "192.0.2.1:1234"
	received.Proto, received.ProtoMajor, received.ProtoMinor = "HTTP/1.1", 1, 1
	received.ContentLength = int64(len(body))
	if body == nil {
		received.Body = http.NoBody
	}
	addHeader(received, p.cfg.Header)
	return received, nil
}

// serve calls the handler. A panic becomes an error, like a broken connection
// to a server.
func serve(h http.Handler, w http.ResponseWriter, req *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("clienttest: the handler panicked: %v: %w", p, io.ErrUnexpectedEOF)
		}
	}()
	h.ServeHTTP(w, req)
	return nil
}

func (p *handlerPort) response(req *http.Request, response *http.Response) *http.Response {
	limit := p.cfg.MaxResponseSize
	if limit == 0 {
		limit = port.DefaultMaxResponseSize
	}
	body := &responseBody{Reader: response.Body, ctx: req.Context()}
	if limit > 0 {
		body.Reader = &limitedReader{Reader: response.Body, remaining: limit}
	}
	response.Request, response.Body = req, body
	response.Proto, response.ProtoMinor = "HTTP/1.1", 1
	if response.Header.Get("Date") == "" {
		response.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return response
}

// limitedReader returns an error where [io.LimitReader] returns io.EOF.
type limitedReader struct {
	io.Reader
	remaining int64 // negative if the limit was exceeded
}

func (r *limitedReader) Read(p []byte) (int, error) {
	if r.remaining < 0 {
		return 0, port.ErrTooLarge
	}
	n, err := r.Reader.Read(p)
	allowed := min(int64(n), r.remaining)
	r.remaining -= int64(n)
	if r.remaining < 0 {
		err = port.ErrTooLarge
	}
	return int(allowed), err
}
