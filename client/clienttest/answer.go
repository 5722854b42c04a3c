// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// answer is the response of a route to one request.
type answer struct {
	delay   time.Duration
	hangs   bool
	err     error
	respond func(*http.Request) (*http.Response, error)
	status  int
	header  http.Header
	body    []byte
}

func (a *answer) give(req *http.Request, p *passage) (*http.Response, error) {
	if err := a.wait(p.ctx); err != nil {
		return nil, p.err(req.Context())
	}
	switch {
	case a.err != nil:
		return nil, a.err
	case a.respond != nil:
		return a.call(req, p)
	}
	return newResponse(req, a.status, a.header.Clone(), a.body), nil
}

// wait waits for the delay of the response.
func (a *answer) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if a.delay <= 0 {
		return nil
	}
	timer := time.NewTimer(a.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call calls the function and checks that it returns a response.
func (a *answer) call(req *http.Request, p *passage) (*http.Response, error) {
	response, err := a.respond(req.WithContext(p.ctx))
	if err != nil {
		return nil, err
	}
	if response == nil {
		return nil, misuse("the function that answers %s %s returned neither response nor error", verbOf(req), req.URL.EscapedPath())
	}
	if response.Body == nil {
		response.Body = http.NoBody
	}
	if response.Header == nil {
		response.Header = http.Header{}
	}
	return response, nil
}

func newResponse(req *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Request: req, ContentLength: int64(len(body)),
		Body: &responseBody{Reader: bytes.NewReader(body), ctx: req.Context()},
	}
}

// responseBody returns an error from Read once the request's context is done.
type responseBody struct {
	io.Reader
	ctx context.Context
}

func (b *responseBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.Reader.Read(p)
}

func (b *responseBody) Close() error { return nil }
