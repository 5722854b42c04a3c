// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
)

// The kinds of failed call, to be tested with [errors.Is]. The error itself is
// an [*Error] and tells the rest.
var (
	ErrValidation     = errors.New("the request was not valid")     // 400
	ErrAuthentication = errors.New("not authenticated or allowed")  // 401, 403
	ErrNotFound       = errors.New("not found")                     // 404
	ErrConflict       = errors.New("conflict with existing state")  // 409
	ErrUnprocessable  = errors.New("the content was refused")       // 422
	ErrNotModified    = message.ErrNotModified                      // 304: what the caller has is current
	ErrRateLimited    = errors.New("too many requests")             // 429
	ErrUnavailable    = errors.New("the service failed")            // 5xx
	ErrDecode         = message.ErrDecode                           // not what the method's result says
	ErrTooLarge       = port.ErrTooLarge                            // beyond max-response-size: see [port.ErrTooLarge]
	ErrStopped        = port.ErrStopped                             // called after Stop: see [port.ErrStopped]
	ErrInvalidRequest = port.ErrInvalidRequest                      // rejected before anything was sent: see [port.ErrInvalidRequest]
	ErrNoInstances    = balance.ErrNoInstances                      // discovery knows no instance of the service
	ErrDeclaration    = errors.New("wrong declaration of a client") // found at registration
)

// MaxErrorBody is how much of the body of a failed answer an [Error] keeps.
const MaxErrorBody = engine.MaxErrorBody

// Error is what every method of a declarative client returns when a call
// fails. It answers to errors.Is for its kind ([ErrNotFound], [ErrUnavailable],
// ...) and for what caused it: [context.Canceled], [context.DeadlineExceeded],
// kernel.ErrCircuitOpen, the errors of package net.
type Error struct {
	Client   string        // the client's name, "inventory-client"
	Method   string        // the field that was called, "GetProduct"
	Verb     string        // "GET"
	URL      string        // without user info and secret query values
	Status   int           // the answer's status, 0 when none came
	Header   http.Header   // the answer's headers, nil when none came
	Body     []byte        // its first 64 KiB
	Problem  *Problem      // its RFC 9457 problem details, nil when it has none
	Attempts int           // how often the request was sent or tried to be sent
	Elapsed  time.Duration // from the call to its failure
	Err      error         // what went wrong; nil when the status says it all

	hint    string          // what the user can do about it
	decoded error           // by an ErrorDecoder
	outcome *engine.Outcome // that the error describes; nil: a user has made it
}

// Error implements error. It holds no secret, no body and no header but the host
// that a redirect leads to which was not followed.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s: %s %s: ", e.Client, e.Method, e.Verb, e.URL)
	switch {
	case e.Err != nil && e.Status != 0:
		fmt.Fprintf(&b, "status %d: %v", e.Status, e.Err)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	}
	if e.hint != "" {
		b.WriteString(": " + e.hint)
	}
	if e.decoded != nil {
		b.WriteString(": " + message.Printable(e.decoded.Error(), message.MaxQuoted))
	} else if e.Err == nil && e.Problem != nil {
		if text := e.Problem.text(e.Status); text != "" {
			b.WriteString(": " + message.Printable(text, message.MaxQuoted))
		}
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts in %s)", e.Attempts, e.Elapsed.Round(time.Millisecond))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of the error's status, or what an
// [ErrorDecoder] has made of it.
func (e *Error) Is(target error) bool {
	// An answer that came but could not be used is of the kind of its cause.
	if e.Err == nil && target != nil && target == kindOfStatus(e.Status) {
		return true
	}
	return e.decoded != nil && errors.Is(e.decoded, target)
}

// RetryAfter returns how long the service asked to wait before another
// attempt, by its Retry-After header in either form of RFC 9110, section
// 10.2.3; 0 if it did not ask.
func (e *Error) RetryAfter() time.Duration { return message.RetryAfter(e.Header) }

func kindOfStatus(status int) error {
	switch {
	case status == http.StatusNotModified:
		return ErrNotModified
	case status == http.StatusBadRequest:
		return ErrValidation
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrAuthentication
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusUnprocessableEntity:
		return ErrUnprocessable
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500:
		return ErrUnavailable
	}
	return nil
}
