// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// Acted says whether the service has acted upon an attempt.
type Acted uint8

// What is known about that.
const (
	MayHaveActed Acted = iota // nothing proves the contrary
	NotActed                  // the service cannot have acted
	HasActed                  // it says so by a status of the 2xx
)

// MaxErrorBody is how much of the body of a rejected request an [Outcome] keeps.
const MaxErrorBody = 64 << 10

// Outcome is how an attempt or a call ended that did not succeed. It is the error
// that the policies see: they read nothing else. It is not changed once somebody
// else has it.
type Outcome struct {
	Status int         // of the response; 0: there was none
	Header http.Header // of the response
	Body   []byte      // its first 64 KiB
	Err    error       // what went wrong; nil: the status says it all

	ServiceFailed bool  // counts for the circuit breaker, and may be retried
	Acted         Acted // by the last attempt
	IsFinal       bool  // the caller's context asks not to retry, or there was no attempt

	OfInstance bool // the failure is the instance's: the service works
	Elsewhere  bool // the next attempt goes to another instance, for this one was not reached

	Attempts int           // so far
	Elapsed  time.Duration // since the call began

	Described error // what [Config.Describe] has made of it; nil: not yet
}

// Error implements error.
func (o *Outcome) Error() string {
	switch {
	case o.Described != nil:
		return o.Described.Error()
	case o.Err != nil:
		return o.Err.Error()
	}
	return fmt.Sprintf("%d %s", o.Status, http.StatusText(o.Status))
}

// Unwrap returns the error that the caller gets, or what went wrong.
func (o *Outcome) Unwrap() error {
	if o.Described != nil {
		return o.Described
	}
	return o.Err
}

// IsIgnoredByBreaker reports whether the outcome says nothing about the service.
func (o *Outcome) IsIgnoredByBreaker() bool {
	return o.OfInstance || errors.Is(o.Err, balance.ErrNoInstances)
}

// GoesElsewhere reports whether another attempt need not wait.
func (o *Outcome) GoesElsewhere() bool { return o.Elsewhere }

// RetryAfter is how long the service asked to wait before another attempt.
func (o *Outcome) RetryAfter() time.Duration { return message.RetryAfter(o.Header) }

// Describe returns the error that callers get, for an outcome or any other error.
func Describe(err error) error {
	if o, ok := err.(*Outcome); ok && o.Described != nil {
		return o.Described
	}
	return err
}

// outcomeOf returns the outcome that an error is, or describes.
func outcomeOf(err error) (o *Outcome, ok bool) {
	if o, ok = err.(*Outcome); ok {
		return o, true
	}
	if errors.As(err, &o) && o.Described == err {
		return o, true
	}
	return nil, false
}

// ServiceFailed is the condition of circuit breakers and adaptive limits.
func ServiceFailed(err error) bool {
	o, ok := err.(*Outcome)
	return ok && o.ServiceFailed
}

// IsRejection reports whether a policy has rejected the call.
func IsRejection(err error) bool {
	return errors.Is(err, kernel.ErrCircuitOpen) || errors.Is(err, resilience.ErrBulkheadFull) || errors.Is(err, resilience.ErrRateLimitReached)
}

// IsUnavailable reports whether something else may take the place of the response:
// the service has failed, or is taken to have failed.
func IsUnavailable(err error) bool {
	var o *Outcome
	return errors.As(err, &o) && o.ServiceFailed || IsRejection(err) || errors.Is(err, balance.ErrNoInstances)
}

// isServiceFailure tells the status of a service that failed from that of one that
// works: 501 says that it works and does not know the method.
func isServiceFailure(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status != http.StatusNotImplemented
}

// isCallersFault reports whether an error of an exchange says nothing about the
// service: the request was not valid, the response not wanted, or the client
// has stopped.
func isCallersFault(err error) bool {
	_, isBody := err.(*bodyError)
	return isBody || errors.Is(err, port.ErrStopped) || errors.Is(err, port.ErrInvalidRequest) ||
		errors.Is(err, port.ErrTooLarge) || errors.Is(err, message.ErrDecode)
}

// newOutcome begins the description of what became of the call.
func (c *call) newOutcome(err error) *Outcome {
	o := &Outcome{Err: err, Attempts: c.attempts}
	if !c.begun.IsZero() {
		o.Elapsed = time.Since(c.begun)
	}
	return o
}

// unanswered is the outcome of an attempt that brought no response, or not all of
// it. Whatever the port returns is a failure of the service, unless the port says
// that it rejected the request or the response itself.
func (c *call) unanswered(ctx, attemptCtx context.Context, err error) *Outcome {
	err = secret.WithoutURL(err)
	o := c.newOutcome(err)
	o.ServiceFailed = !isCallersFault(err) && ctx.Err() != context.Canceled
	o.Acted = c.acted
	switch {
	case ctx.Err() != nil:
		o.Err = withCause(ctx.Err(), err)
	case attemptCtx.Err() != nil:
		o.Err = withCause(port.NewTimeoutError("timeout", c.timeout()), err)
	}
	return o
}

// withCause makes sure that an error is known by the reason for which it arose.
func withCause(reason, err error) error {
	if _, isTimeout := reason.(*port.TimeoutError); !isTimeout && errors.Is(err, reason) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return reason // err says no more
	}
	return fmt.Errorf("%w: %w", reason, err)
}

// rejected is the outcome of a response whose status is not of the 2xx. Its body is
// read as far as the outcome keeps it, and a little more so that the connection can
// be used again.
func (c *call) rejected(response *http.Response) *Outcome {
	o := c.newOutcome(nil)
	o.Status, o.Header = response.StatusCode, response.Header
	o.Body, _ = io.ReadAll(io.LimitReader(response.Body, MaxErrorBody))
	_, _ = io.CopyN(io.Discard, response.Body, message.MaxDrained)
	o.ServiceFailed, o.Acted = isServiceFailure(o.Status), c.acted
	return o
}

// unusable is the outcome of a response that the sink could not take.
func (c *call) unusable(r *message.Response, err error) *Outcome {
	if err == message.ErrNotModified {
		err = nil
	}
	o := c.newOutcome(err)
	o.Status, o.Header, o.Acted = r.Status, r.Header, HasActed
	return o
}

// isSuccess reports whether a response has what was asked for, or says that the
// caller has it already.
func isSuccess(response *http.Response) bool {
	return response.StatusCode >= 200 && response.StatusCode <= 299 || response.StatusCode == http.StatusNotModified
}

// isNotModified reports whether the response was 304: an ordinary result, and no
// failure.
func (o *Outcome) isNotModified() bool {
	return o != nil && o.Err == nil && o.Status == http.StatusNotModified
}

// described is the outcome with the error that callers get.
func (c *call) described(o *Outcome) *Outcome {
	o.Described = c.describe(c.op, c.message, o)
	return o
}

// failed completes the outcome of a call. That of an attempt may be known to
// subscribers of events, so it stays as it is.
func (c *call) failed(err error, elapsed time.Duration) *Outcome {
	completed := c.newOutcome(err)
	if o, ok := outcomeOf(err); ok {
		*completed = *o
	} else if last := (*Outcome)(nil); errors.As(err, &last) { // the wait for another attempt was cut short
		completed.Status, completed.Header, completed.Body, completed.Described = last.Status, last.Header, last.Body, last.Described
	}
	completed.Attempts, completed.Elapsed = c.attempts, elapsed
	return c.described(completed)
}

// withError is an outcome with another reason.
func (c *call) withError(o *Outcome, err error) *Outcome {
	changed := *o
	changed.Err = err
	return c.described(&changed)
}
