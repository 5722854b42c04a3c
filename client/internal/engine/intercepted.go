// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
)

// interceptedCall is a call that interceptors see, in the context of the request
// that they are given.
type interceptedCall struct {
	start call          // what each run begins as
	body  io.ReadCloser // of that request

	isProbe bool // nothing is sent: the fingerprint of the request is wanted

	mu   sync.Mutex
	call *call // counts the attempts of all runs; nil when it has ended
}

// begin returns a call for one run. If the error is nil, who runs it leaves its
// gate.
func (i *interceptedCall) begin() (*call, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.start
	if i.call != nil {
		c.attempts = i.call.attempts
		c.gate.Join()
		return &c, nil
	}
	c.begun = time.Now()
	if !c.enter() {
		return &c, port.ErrStopped
	}
	return &c, nil
}

// count adds the attempts of a run to those of the call.
func (i *interceptedCall) count(attempts int, fingerprint string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.call != nil {
		i.call.attempts += attempts
		i.call.fingerprint = fingerprint
	}
}

// end detaches the runs that outlast the call from it.
func (i *interceptedCall) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.call = nil
}

type interceptedKey struct{}

// runIntercepted lets interceptors run the call, and takes the answer that they
// return.
func (c *call) runIntercepted(ctx context.Context) error {
	i := &interceptedCall{call: c, start: *c}
	defer i.end()
	if c.streams {
		ctx = port.WithStreaming(ctx)
	}
	a := &attempt{isShown: true}
	request, err := c.newRequest(context.WithValue(c.withInfo(ctx, a), interceptedKey{}, i), a)
	if err != nil {
		return err
	}
	i.body = request.Body
	response, err := complete(c.interceptCall(request))
	i.end()
	if err != nil {
		return err
	}
	if !isSuccess(response) {
		defer func() { _ = response.Body.Close() }()
		return c.rejected(response)
	}
	if c.streams {
		c.stream = response
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	return c.accept(ctx, ctx, response)
}

// runCall is the innermost Exchange around calls: it runs the one that the
// request belongs to.
func runCall(req *http.Request) (*http.Response, error) {
	i, ok := req.Context().Value(interceptedKey{}).(*interceptedCall)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: a call interceptor gave it another context: derive it from the request's own", port.ErrInvalidRequest)
	case req.Body != i.body:
		return nil, fmt.Errorf("%w: a call interceptor gave it another body, which an Interceptor may do, or a Codec", port.ErrInvalidRequest)
	}
	changed := *i.start.message
	changed.Path, changed.Query, changed.IsComplete = req.URL.EscapedPath(), req.URL.RawQuery, true
	changed.Header = message.CanonicalHeader(req.Header)
	if i.isProbe {
		c := i.start
		c.message = &changed
		i.count(0, c.probeAttempt(req.Context()))
		return nil, c.failed(errProbed, 0).Described
	}
	kept := &message.Response{}
	c, err := i.begin()
	if err != nil {
		return nil, c.failed(err, 0).Described
	}
	leave := c.gate.Leave
	defer func() { leave() }()
	c.message, c.sink = &changed, kept
	before := c.attempts
	err = c.runGuarded(req.Context())
	i.count(c.attempts-before, c.fingerprint)
	if err != nil {
		return nil, c.failed(err, time.Since(c.begun)).Described
	}
	if c.streams {
		c.stream.Body.(*streamBody).atEnd(leave)
		leave = func() {}
		return c.stream, nil
	}
	return responseTo(req, kept), nil
}

// responseTo makes a response to a request of what was read.
func responseTo(req *http.Request, r *message.Response) *http.Response {
	if r.Redirected != nil {
		req = redirectedRequest(req, r.Redirected)
	}
	length := int64(len(r.Body))
	if r.IsCut {
		length = -1
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)),
		StatusCode: r.Status, Proto: req.Proto, ProtoMajor: req.ProtoMajor, ProtoMinor: req.ProtoMinor,
		Header: r.Header, Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: length, Request: req,
	}
}
