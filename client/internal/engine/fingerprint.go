// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// fingerprint tells requests apart whose responses may differ: by the method, the
// URL and all headers but those that differ with each request. It is a hash, so
// that no secret stays in memory.
func (e *Engine) fingerprint(req *http.Request) string {
	hash := sha256.New()
	write := func(texts ...string) {
		for _, text := range texts {
			_, _ = io.WriteString(hash, text)
			_, _ = hash.Write([]byte{0})
		}
	}
	write(e.Identity, req.Method, req.URL.String())
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		if !isOfOneRequest(name) {
			write(name)
			write(req.Header[name]...)
		}
	}
	return string(hash.Sum(nil))
}

// isOfOneRequest reports whether a header has another value with each request, so
// that a response does not depend on it.
func isOfOneRequest(name string) bool {
	switch name {
	case "Traceparent", "Tracestate", "Uber-Trace-Id", "B3", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context",
		"X-Request-Id", "X-Correlation-Id", "Request-Id", "Date", "Idempotency-Key", AttemptHeader:
		return true
	}
	return strings.HasPrefix(name, "X-B3-")
}

// isWatched reports whether interceptors may change what the service gets.
func (e *Engine) isWatched() bool { return e.Intercept != nil || e.InterceptCall != nil }

// watch is the exchange below the user's interceptors: it notes what they have made
// of the request of an attempt. The request of a probe is not sent.
func (e *Engine) watch(next Exchange) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		a, ok := req.Context().Value(infoKey{}).(*attempt)
		if !ok || !a.isWatched {
			return next(req)
		}
		f := e.fingerprint(req)
		a.fingerprint.Store(&f)
		if a.isProbe {
			return nil, errProbed
		}
		return next(req)
	}
}

var errProbed = errors.New("the service has failed: this request is made only to find an old response to it, and is not sent")

// sentFingerprint returns the fingerprint of the request that the call has sent. If
// it has sent none, because its circuit breaker is open for instance, it finds out
// what it would have sent. It is false if that is not known.
func (c *call) sentFingerprint(ctx context.Context, hasSucceeded bool) (f string, ok bool) {
	switch {
	case c.fingerprint != "":
		f = c.fingerprint
	case !c.isWatched():
		a := &attempt{isShown: true}
		if request, err := c.newRequest(ctx, a); err == nil {
			f = c.Engine.fingerprint(request)
		}
	case !hasSucceeded: // else the response came from an interceptor
		_ = usercode.Call(func() error { f = c.probe(ctx); return nil })
	}
	return f, f != ""
}

// probe lets the interceptors see a request that is not sent, and returns its
// fingerprint.
func (c *call) probe(ctx context.Context) string {
	if c.interceptCall == nil {
		return c.probeAttempt(ctx)
	}
	i := &interceptedCall{call: c, start: *c, isProbe: true}
	a := &attempt{isShown: true}
	request, err := c.newRequest(context.WithValue(c.withInfo(ctx, a), interceptedKey{}, i), a)
	if err != nil {
		return ""
	}
	i.body = request.Body
	discard(complete(c.interceptCall(request)))
	i.end()
	return c.fingerprint
}

func (c *call) probeAttempt(ctx context.Context) string {
	a := &attempt{isShown: true, isWatched: true, isProbe: true}
	request, err := c.newRequest(ctx, a)
	if err != nil {
		return ""
	}
	discard(complete(c.send(request)))
	return a.sentFingerprint()
}

func (a *attempt) sentFingerprint() string {
	if f := a.fingerprint.Load(); f != nil {
		return *f
	}
	return ""
}

// discard closes a response that nobody wants.
func discard(response *http.Response, err error) {
	if err == nil {
		_ = response.Body.Close()
	}
}

// IsProbe reports whether the request of a call interceptor, by its context, is one
// that is not sent: what interceptors make of it is all that is wanted.
func IsProbe(ctx context.Context) bool {
	i, ok := ctx.Value(interceptedKey{}).(*interceptedCall)
	return ok && i.isProbe
}
