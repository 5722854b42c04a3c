// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// AttemptHeader tells a service that a request is a repeated one, and which.
const AttemptHeader = "X-Retry-Attempt"

// newRequest makes the request of an attempt. Nothing of it is shared with another
// attempt or with the caller, but for a body that is only read.
func (c *call) newRequest(ctx context.Context, a *attempt) (*http.Request, error) {
	m := c.message
	if c.isIntercepted || c.recordsSends() || a.isWatched {
		ctx = c.withInfo(ctx, a)
	}
	r := &a.request
	*r = *c.blank.WithContext(ctx)
	r.Method, r.URL = c.op.Verb, &a.url
	r.URL.RawQuery = m.Query
	setPath(r.URL, m.Path)
	r.Header = make(http.Header, len(m.Header)+len(c.op.Header)+3)
	if m.Elsewhere != nil {
		a.url.Scheme, a.url.Host = m.Elsewhere.Scheme, m.Elsewhere.Host
	}
	if !m.IsComplete {
		c.addDeclared(r, a)
	}
	if err := c.addBody(r, a); err != nil {
		return nil, err
	}
	if c.idempotencyKey != "" {
		r.Header["Idempotency-Key"] = a.own(c.idempotencyKey)
	}
	if c.op.AttemptHeader && c.attempts > 1 {
		r.Header[AttemptHeader] = a.own(strconv.Itoa(c.attempts))
	}
	for name, values := range m.Header {
		r.Header[http.CanonicalHeaderKey(name)] = a.own(values...)
	}
	return r, nil
}

// addDeclared adds the headers that the declaration and the settings give every
// request of the method. Those of the client's service are not sent elsewhere.
func (c *call) addDeclared(r *http.Request, a *attempt) {
	if c.message.Elsewhere == nil {
		for name, values := range c.op.Header {
			r.Header[name] = a.own(values...)
		}
	}
	if c.op.Accept != nil {
		r.Header["Accept"] = a.own(c.op.Accept...)
	}
	if c.message.HasBody {
		r.Header["Content-Type"] = a.own(c.message.ContentType)
	}
}

func (c *call) addBody(r *http.Request, a *attempt) error {
	m := c.message
	switch {
	case !m.HasBody:
		return nil
	case m.IsEmpty():
		// With any other body of length 0 net/http sends it in chunks.
		r.Body = http.NoBody
		r.GetBody = func() (io.ReadCloser, error) { return http.NoBody, nil }
		return nil
	case m.Streamed != nil:
		return c.addStreamedBody(r, a)
	}
	r.ContentLength = int64(len(m.Body))
	r.Body = io.NopCloser(bytes.NewReader(m.Body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.Body)), nil }
	return nil
}

func (c *call) addStreamedBody(r *http.Request, a *attempt) error {
	streamed := c.message.Streamed
	r.ContentLength, r.Body = streamed.Size(), http.NoBody
	if a.isShown { // it may be readable only once
		return nil
	}
	body, err := streamed.Open(r.Context(), c.cut)
	if err != nil {
		return err
	}
	a.body, r.Body = body, body
	return nil
}

// setPath sets an escaped path and keeps its spelling: %2F is not a slash, and
// package url would escape some characters that RFC 3986 lets stand in a path.
func setPath(u *url.URL, escaped string) {
	if !strings.ContainsAny(escaped, "%!'()*[]") {
		u.Path = escaped
		return
	}
	u.RawPath = escaped
	u.Path, _ = url.PathUnescape(escaped) // what was escaped here can be unescaped
}

// Info says which call a request belongs to.
type Info struct {
	Client  string // the client's name
	Method  string // the declared method
	Attempt int    // 1 for the first; 0 in a call interceptor
}

type infoKey struct{}

// withInfo returns a context that knows the attempt and its call.
func (c *call) withInfo(ctx context.Context, a *attempt) context.Context {
	a.info = Info{c.op.Client, c.op.Method, c.attempts}
	a.op, a.message = c.op, c.message
	return context.WithValue(ctx, infoKey{}, a)
}

// InfoOf returns the call that a request's context belongs to.
func InfoOf(ctx context.Context) (Info, bool) {
	a, ok := ctx.Value(infoKey{}).(*attempt)
	if !ok {
		return Info{}, false
	}
	return a.info, true
}
