// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"syscall"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// This file holds the code of the user's: interceptors, codecs, codings, error
// decoders, fallbacks. All of it is allowed, some of it is odd.

var (
	errCode  = errors.New("the user's code failed")
	errEmpty = errors.New("the product gave nothing")
)

// chance draws whether code of the user's does something odd to an attempt of a
// call, once in n.
func (w *World) chance(f Feature, req *http.Request, n int) (*call, bool) {
	c := callOf(req.Context())
	if c == nil || !w.has(f) || w.healthy.Load() {
		return c, false
	}
	attempt, _ := client.CallOf(req.Context())
	return c, w.draw(f, c.id, attempt.Attempt).oneIn(n)
}

// registerCode registers the user's code as beans.
func (w *World) registerCode(app *container.ApplicationContext) {
	if w.intercepts() {
		app.Register(func() client.Interceptor { return w.interceptor })
	}
	if w.hasAny("code.call-interceptor", "code.call-interceptor-twice", "code.call-interceptor-early", "code.call-interceptor-panics", "code.call-interceptor-removes") {
		app.Register(func() client.CallInterceptor { return w.callInterceptor })
	}
	if w.hasAny("code.codec", "code.codec-panics") {
		app.Register(func() client.Codec { return codec{w} })
	}
	if w.hasAny("code.coding", "code.coding-nil") {
		app.Register(func() client.ContentCoding { return coding{w} })
	}
	if w.hasAny("code.decoder", "code.decoder-panics") {
		app.Register(func() client.ErrorDecoder { return w.decodeError })
	}
	if w.has("code.listener-panics") {
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
			if e.Kind == client.EventStateChanged {
				panic("the user's listener panics")
			}
		})
	}
}

// intercepts reports whether there is an interceptor around attempts.
func (w *World) intercepts() bool {
	return w.hasAny("code.tenant", "call.page", "code.interceptor-adds", "code.interceptor-writes", "code.interceptor-early", "code.interceptor-panics",
		"code.interceptor-exits", "code.interceptor-nothing", "code.interceptor-dials", "code.interceptor-twice")
}

func (w *World) hasAny(fs ...Feature) bool {
	for _, f := range fs {
		if w.has(f) {
			return true
		}
	}
	return false
}

// interceptor is the one around attempts. Features decide what it does.
func (w *World) interceptor(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		c := callOf(req.Context())
		if c == nil {
			return next(req)
		}
		req.Header.Set("X-Call", c.id)
		if w.has("code.tenant") {
			req.Header.Set("X-Tenant", c.tenant)
		}
		if w.has("code.interceptor-adds") {
			for _, name := range []string{"X-D", "X-M", "X-Own"} {
				req.Header.Add(name, mark(c.id))
			}
		}
		if _, yes := w.chance("code.interceptor-writes", req, 3); yes {
			for _, name := range []string{"X-D", "X-M", "X-Own"} {
				if values := req.Header[name]; len(values) > 0 {
					values[0] = mark(c.id)
				}
			}
		}
		if response, err, done := w.interceptOddly(c, next, req); done {
			return response, err
		}
		return next(req)
	}
}

// interceptOddly does what an ordinary interceptor does not.
func (w *World) interceptOddly(c *call, next client.Exchange, req *http.Request) (response *http.Response, err error, done bool) {
	if _, yes := w.chance("code.interceptor-early", req, 6); yes {
		c.did("code.interceptor-early")
		closeBody(req.Body)
		return jsonResponse(req, c), nil, true
	}
	if _, yes := w.chance("code.interceptor-panics", req, 8); yes {
		c.did("code.interceptor-panics")
		panic("the user's interceptor panics")
	}
	if _, yes := w.chance("code.interceptor-exits", req, 8); yes {
		c.did("code.interceptor-exits")
		runtime.Goexit()
	}
	if _, yes := w.chance("code.interceptor-nothing", req, 8); yes {
		c.did("code.interceptor-nothing")
		closeBody(req.Body)
		return nil, nil, true //nolint:nilnil // what some code does
	}
	if _, yes := w.chance("code.interceptor-dials", req, 4); yes {
		c.did("code.interceptor-dials")
		response, err := next(req)
		if err != nil {
			return nil, err, true
		}
		closeBody(response.Body)
		return nil, dialError("audit:80"), true
	}
	if _, yes := w.chance("code.interceptor-twice", req, 4); yes && c.op.isRepeatable() && req.Body == nil {
		c.did("code.interceptor-twice")
		again := req.Clone(req.Context())
		response, err := next(req)
		if err != nil {
			return nil, err, true
		}
		closeBody(response.Body)
		response, err = next(again)
		return response, err, true
	}
	return nil, nil, false
}

func dialError(address string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: %w", address, syscall.ECONNREFUSED)}
}

func closeBody(body io.Closer) {
	if body != nil {
		_ = body.Close()
	}
}

func jsonResponse(req *http.Request, c *call) *http.Response {
	body, _ := json.Marshal(Thing{ID: c.id, Mark: mark(c.id), Tenant: c.tenant})
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// callInterceptor is the one around calls.
func (w *World) callInterceptor(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		c := callOf(req.Context())
		if c == nil {
			return next(req)
		}
		if _, yes := w.chance("code.call-interceptor-panics", req, 8); yes {
			c.did("code.call-interceptor-panics")
			panic("the user's call interceptor panics")
		}
		if _, yes := w.chance("code.call-interceptor-early", req, 6); yes {
			c.did("code.call-interceptor-early")
			return jsonResponse(req, c), nil
		}
		if w.has("code.call-interceptor-removes") {
			c.did("code.call-interceptor-removes")
			req.Header.Del("X-M")
		}
		if w.has("code.call-interceptor") {
			req.Header.Add("X-Around", mark(c.id))
		}
		if _, yes := w.chance("code.call-interceptor-twice", req, 3); yes && c.op.isRepeatable() && !c.op.streams {
			c.did("code.call-interceptor-twice")
			response, err := next(req)
			if err == nil {
				closeBody(response.Body)
			}
			return next(req)
		}
		return next(req)
	}
}

// codec takes the place of the built-in one for JSON.
type codec struct{ *World }

func (codec) MediaType() string { return "application/json" }

func (codec) Encode(v any) ([]byte, error) { return json.Marshal(v) }

func (k codec) Decode(data []byte, target any) error {
	if found := marks.FindString(string(data)); found != "" && k.has("code.codec-panics") && !k.healthy.Load() && k.draw("codec", found).oneIn(5) {
		if c := k.callByMark(found); c != nil {
			c.did("code.codec-panics")
		}
		panic("the user's codec panics")
	}
	return json.Unmarshal(data, target)
}

// coding is a content coding that puts an S before a body.
type coding struct{ *World }

func (coding) Name() string { return "sim" }

var errNotCoded = errors.New("it does not begin with S")

func (k coding) NewReader(r io.Reader) (io.ReadCloser, error) {
	first := make([]byte, 1)
	if _, err := io.ReadFull(r, first); err != nil || first[0] != 'S' {
		if k.has("code.coding-nil") {
			return nil, errNotCoded
		}
		return io.NopCloser(failedReader{errNotCoded}), nil
	}
	return io.NopCloser(r), nil
}

type failedReader struct{ err error }

func (r failedReader) Read([]byte) (int, error) { return 0, r.err }

func (coding) NewWriter(w io.Writer) (io.WriteCloser, error) {
	if _, err := w.Write([]byte("S")); err != nil {
		return nil, err
	}
	return nopCloser{w}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// decodeError makes an error of a refusal.
func (w *World) decodeError(e *client.Error) error {
	found := marks.FindString(string(e.Body))
	if found == "" {
		return nil
	}
	if w.has("code.decoder-panics") && !w.healthy.Load() && w.draw("decoder", found).oneIn(4) {
		if c := w.callByMark(found); c != nil {
			c.did("code.decoder-panics")
		}
		panic("the user's error decoder panics")
	}
	return fmt.Errorf("%w: %s", errCode, found)
}

// fallback are the functions that stand in for the service.
func (w *World) fallback() *Shop {
	stand := func(ctx context.Context) (Thing, error) {
		c := callOf(ctx)
		if c == nil {
			return Thing{}, errCode
		}
		c.fellBack = true
		if w.has("code.fallback-panics") && w.draw("fallback", c.id).oneIn(2) {
			c.did("code.fallback-panics")
			panic("the user's fallback panics")
		}
		if w.draw("fallback", c.id, "fails").oneIn(3) {
			return Thing{}, errCode
		}
		return Thing{ID: c.id, Mark: mark(c.id), Tenant: c.tenant}, nil
	}
	return &Shop{
		Get: func(ctx context.Context, _ string, _ http.Header, _ ...client.CallOption) (Thing, error) {
			return stand(ctx)
		},
		Post: func(ctx context.Context, _ string, _ Thing, _ http.Header, _ ...client.CallOption) (Thing, error) {
			return stand(ctx)
		},
		Page: func(ctx context.Context, _ int) (Thing, error) { return stand(ctx) },
	}
}

// transport is around the adapter's.
func (w *World) transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if c := callOf(req.Context()); c != nil && w.has("auth.oauth2") {
			// Calls that have waited for one token go on at one instant: who is
			// first would be the scheduler's choice.
			w.sleep(w.draw("transport", c.id, c.dial()).offset())
		}
		if w.has("code.transport") {
			req = req.Clone(req.Context())
			if c := callOf(req.Context()); c != nil {
				req.Header.Add("X-D", mark(c.id))
			}
		}
		response, err := next.RoundTrip(req)
		if c, yes := w.chance("code.transport-dials", req, 5); yes && err == nil {
			c.did("code.transport-dials")
			closeBody(response.Body)
			return nil, dialError("recorder:80")
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
