// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// CallInterceptor wraps whole calls, with all their attempts: to answer from a
// cache, to measure, to run a call again with other headers. Each bean of this
// type sees every call of every client, the first in order outermost; what is
// said of [Interceptor] holds, and:
//
//   - next runs the call: circuit breaker, attempts, time limits. Its error is an
//     [*Error], also for an answer whose status is not of the 2xx; its answer
//     has been read whole, unless the method streams, or returns only an error:
//     then ContentLength is -1 if it may not be whole.
//   - [IsStreaming] tells, by the context of the request, whether the method
//     streams.
//   - next may be called several times, also on several goroutines at a time,
//     each with a request of its own then, and after the Exchange has returned.
//     Stopping the client waits for each run; none begins after that.
//   - Path, query, headers and context of the request may be changed, its body
//     may be read through GetBody only.
//   - An answer that does not come from next is decoded as if it did.
type CallInterceptor func(next Exchange) Exchange

// ForClients lets the interceptor see only the clients of the given names.
func (i CallInterceptor) ForClients(names ...string) CallInterceptor {
	return CallInterceptor(ForClients(Interceptor(i), names...))
}

// interceptCalls puts interceptors around the calls of an engine.
func interceptCalls(interceptors []CallInterceptor) Exchange {
	if len(interceptors) == 0 {
		return nil
	}
	same := make([]Interceptor, len(interceptors))
	for i, interceptor := range interceptors {
		same[i] = Interceptor(interceptor)
	}
	return intercept(runCall, same)
}

// interceptedCall is a call that interceptors see, in the context of the request
// that they are given.
type interceptedCall struct {
	start call          // what each run begins as
	body  io.ReadCloser // of that request

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
		return &c, ErrStopped
	}
	return &c, nil
}

// count adds the attempts of a run.
func (i *interceptedCall) count(attempts int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.call != nil {
		i.call.attempts += attempts
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
	request, err := c.newRequest(context.WithValue(c.withCall(ctx, a), interceptedKey{}, i), a)
	if err != nil {
		return err
	}
	i.body = request.Body
	response, err := complete(c.interceptCall(request))
	i.end()
	if err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer func() { _ = response.Body.Close() }()
		return c.refused(response)
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
		return nil, fmt.Errorf("%w: a CallInterceptor gave it another context: derive it from the request's own", ErrInvalidRequest)
	case req.Body != i.body:
		return nil, fmt.Errorf("%w: a CallInterceptor gave it another body, which an Interceptor may do, or a Codec", ErrInvalidRequest)
	}
	changed := *i.start.message
	changed.path, changed.query, changed.header, changed.isComplete = req.URL.EscapedPath(), req.URL.RawQuery, req.Header, true
	kept := &keptAnswer{}
	c, err := i.begin()
	if err != nil {
		return nil, c.failed(err, 0)
	}
	leave := c.gate.Leave
	defer func() { leave() }()
	c.message, c.sink = &changed, kept
	before := c.attempts
	err = c.runGuarded(req.Context())
	i.count(c.attempts - before)
	if err != nil {
		return nil, c.failed(err, time.Since(c.begun))
	}
	if c.streams {
		c.stream.Body.(*streamBody).atEnd(leave)
		leave = func() {}
		return c.stream, nil
	}
	return kept.response(req), nil
}

// keptAnswer is a sink that keeps the answer as it is.
type keptAnswer struct {
	status int
	header http.Header
	body   []byte

	isCut      bool     // the body may not be whole: nobody wants it
	redirected *url.URL // where a redirect has led to; nil: there was none
}

func (k *keptAnswer) take(a *answer) error {
	*k = keptAnswer{a.status, a.header, bytes.Clone(a.body), a.isCut, a.redirected}
	return nil
}

func (k *keptAnswer) answer() *answer {
	return &answer{status: k.status, header: k.header, body: k.body, isCut: k.isCut, redirected: k.redirected}
}

func (k *keptAnswer) response(req *http.Request) *http.Response {
	if k.redirected != nil {
		req = redirectedRequest(req, k.redirected)
	}
	length := int64(len(k.body))
	if k.isCut {
		length = -1
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", k.status, http.StatusText(k.status)),
		StatusCode: k.status, Proto: req.Proto, ProtoMajor: req.ProtoMajor, ProtoMinor: req.ProtoMinor,
		Header: k.header, Body: io.NopCloser(bytes.NewReader(k.body)), ContentLength: length, Request: req,
	}
}
