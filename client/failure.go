// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// unanswered describes an attempt that brought no answer, or not all of it.
// Whatever the port returns is a failure of the service, unless the port says
// that it refused the request or the answer itself.
func (c *call) unanswered(ctx, attemptCtx context.Context, err error) *Error {
	err = secret.WithoutURL(err)
	e := c.newError()
	e.Err = err
	_, isCallers := err.(*bodyError)
	e.serviceFailed = !isCallers && ctx.Err() != context.Canceled && !errors.Is(err, ErrStopped) && !errors.Is(err, ErrInvalidRequest) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrDecode)
	e.unacted = c.unacted
	switch {
	case ctx.Err() != nil:
		e.Err = withCause(ctx.Err(), err)
	case attemptCtx.Err() != nil:
		e.Err = withCause(port.NewTimeoutError("timeout", c.timeout()), err)
	}
	return e
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

// refused describes an answer whose status is not of the 2xx. Its body is read
// as far as the error keeps it; closing takes care of the rest.
func (c *call) refused(response *http.Response) *Error {
	e := c.newError()
	e.Status, e.Header = response.StatusCode, c.secrets.header(response.Header)
	e.Body, _ = io.ReadAll(io.LimitReader(response.Body, MaxErrorBody))
	_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
	e.Problem = parseProblem(e.Header, e.Body)
	e.serviceFailed, e.unacted = isServiceFailure(e.Status), c.unacted
	e.decoded = decodeErrorBody(c.errorDecoders, e)
	return e
}

// maxDrained is how much of a body beyond what an error keeps is read so that
// the connection can be used again.
const maxDrained = 64 << 10

// isServiceFailure tells a service that failed from one that answered: 501 says
// that the service works and does not know the method.
func isServiceFailure(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status != http.StatusNotImplemented
}

func (c *call) newError() *Error {
	e := &Error{
		Client: c.op.client, Method: c.op.method, Verb: c.op.verb, Attempts: c.attempts,
		URL: c.shownURL(c.message),
	}
	if !c.begun.IsZero() {
		e.Elapsed = time.Since(c.begun)
	}
	return e
}

// failed completes the error of a call. That of an attempt may have been told to
// subscribers of events, so it stays as it is.
func (c *call) failed(err error, elapsed time.Duration) *Error {
	var completed *Error
	if e, ok := err.(*Error); ok {
		told := *e
		completed = &told
	} else {
		completed = c.newError()
		completed.Err = err
		var last *Error
		if errors.As(err, &last) { // the wait for another attempt was cut short
			completed.Status, completed.Header, completed.Body, completed.Problem, completed.decoded = last.Status, last.Header, last.Body, last.Problem, last.decoded
		}
	}
	completed.Attempts, completed.Elapsed = c.attempts, elapsed
	return completed
}
