// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// sends counts how often the request of one attempt was sent, and how many of
// these sends the service provably did not act upon. An interceptor may send
// several times, also side by side: one answer or error says nothing about the
// other sends.
type sends struct {
	made   atomic.Int32
	proven atomic.Int32 // of made: the service cannot have acted
}

// sendsOf returns the sends of the attempt that a request's context belongs to,
// or nil.
func sendsOf(ctx context.Context) *sends {
	if a, ok := ctx.Value(infoKey{}).(*attempt); ok {
		return &a.sends
	}
	return nil
}

// Unproven is how many sends of the attempt that a request's context belongs to the
// service may have acted upon, those under way included.
func Unproven(ctx context.Context) int32 { return sendsOf(ctx).unproven() }

// unproven is how many sends the service may have acted upon, those under way
// included.
func (s *sends) unproven() int32 {
	if s == nil {
		return 0
	}
	proven := s.proven.Load() // first: what is made later must not look proven
	return s.made.Load() - proven
}

// transmit sends the request of an attempt through the interceptors, and notes
// whether the service can have acted upon it. The response has a body, or the
// error is not nil.
func (c *call) transmit(a *attempt, req *http.Request) (*http.Response, error) {
	if c.Sending != nil && c.Intercept == nil {
		c.Sending(c.op, c.message, c.attempts, req)
	}
	response, err := complete(c.send(req))
	if a.isWatched {
		c.fingerprint = a.sentFingerprint()
	}
	if !c.op.IsRepeatable && provesNoAction(response, err) && c.areSendsProven(a) {
		c.acted = NotActed
	}
	return response, err
}

// announceIntercepted is the exchange below the user's interceptors: it tells the
// first request that they send for an attempt.
func (e *Engine) announceIntercepted(next Exchange) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		a, ok := req.Context().Value(infoKey{}).(*attempt)
		if ok && a.isAnnounced.CompareAndSwap(false, true) {
			e.Sending(a.op, a.message, a.info.Attempt, req)
		}
		return next(req)
	}
}

// areSendsProven reports whether the service cannot have acted upon any send of
// an attempt. If none was recorded, the request did not reach the port, unless
// interceptors send with contexts of their own.
func (c *call) areSendsProven(a *attempt) bool {
	if !c.recordsSends() {
		return true // there was one send, and the caller knows its end
	}
	return a.sends.unproven() == 0 && (a.sends.made.Load() > 0 || !c.hasStraySends.Load())
}

// recordsSends reports whether the sends of the call's attempts are recorded: an
// attempt may have several, and it matters what became of each.
func (c *call) recordsSends() bool {
	return !c.op.IsRepeatable && (c.isIntercepted || c.IsOpaque)
}

// record is the innermost exchange of an engine: it notes what the end of each
// send proves.
func (e *Engine) record(next Exchange) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		sends := sendsOf(req.Context())
		if sends == nil {
			if e.isIntercepted {
				e.hasStraySends.Store(true)
			}
			return complete(next(req))
		}
		sends.made.Add(1)
		var connections atomic.Int32
		if e.IsOpaque && !IsIdempotent(req.Method) {
			req = countConnections(req, &connections)
		}
		response, err := complete(next(req))
		mayBeMade := int32(0)
		if err == nil {
			mayBeMade = 1
		}
		if provesNoAction(response, err) && connections.Load() <= mayBeMade {
			sends.proven.Add(1)
		}
		return response, err
	}
}

// countConnections returns the request with a context that counts the
// connections which a port on net/http gets for it: the port may follow
// redirects, and a wrapped transport may send several times.
func countConnections(req *http.Request, n *atomic.Int32) *http.Request {
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { n.Add(1) }}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
}

var errNoResponse = errors.New("the port returned neither a response nor an error")

// complete makes sure that there is a response with a body or an error, whose
// methods can be called.
func complete(response *http.Response, err error) (*http.Response, error) {
	switch {
	case err != nil:
		return nil, usercode.Error(err)
	case response == nil:
		return nil, errNoResponse
	case response.Body == nil: // of a fake: net/http always has one
		response.Body = http.NoBody
	}
	return response, nil
}

// provesNoAction reports whether the end of a send proves that the service has
// not acted upon the request. Nothing that comes after a followed redirect does:
// the server that redirected may have acted.
func provesNoAction(response *http.Response, err error) bool {
	if err != nil {
		return port.IsNotSent(err)
	}
	if IsRedirected(response) {
		return false
	}
	switch response.StatusCode {
	case http.StatusUnauthorized: // "has not been applied": RFC 9110, section 15.5.2
		return true
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return response.Header.Get("Retry-After") != ""
	}
	return false
}

// IsIdempotent reports whether a second execution of a method does no harm (RFC
// 9110, section 9.2.2).
func IsIdempotent(verb string) bool { return verb != http.MethodPost && verb != http.MethodPatch }

// IsRedirected reports whether a response came after a followed redirect, as
// [http.Client] tells it.
func IsRedirected(response *http.Response) bool {
	return response.Request != nil && response.Request.Response != nil
}
