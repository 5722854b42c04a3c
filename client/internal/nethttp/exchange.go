// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
)

var (
	// errEnded is why the context of an exchange is done that came to its end.
	errEnded = errors.New("the exchange has ended")
	// errCut is why that of an exchange is done that the adapter's Stop has cut.
	errCut = fmt.Errorf("%w while the request was in flight", port.ErrStopped)
)

// exchange is a request in flight, until the response's body has been read or
// closed. Who cuts it closes the connections as well.
type exchange struct {
	drain.Member
	passenger
	parent context.Context // the request's own
	ctx    context.Context // the same; or done as well when the adapter's time limit is over
	timer  *time.Timer     // nil: none
	body   responseBody

	accepted [1]string // the codings that the request asks for
}

// beginExchange begins an exchange in the given group. A timeout of 0 is none; one
// that parent's deadline comes before takes no timer, and neither does a request
// whose time the caller limits.
func beginExchange(inFlight *drain.Group, parent context.Context, timeout time.Duration) (*exchange, error) {
	e := &exchange{parent: parent, ctx: parent}
	var cancel context.CancelCauseFunc
	if timeout > 0 && port.TimeoutApplies(parent) && !endsWithin(parent, timeout) {
		e.ctx, cancel = context.WithCancelCause(parent)
		e.timer = time.AfterFunc(timeout, func() { cancel(port.NewTimeoutError("timeout", timeout)) })
	}
	if !inFlight.Enter(&e.Member, cancel) {
		e.release()
		return nil, port.ErrStopped
	}
	return e, nil
}

func endsWithin(ctx context.Context, timeout time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= timeout
}

// end ends the exchange. It may be called repeatedly.
func (e *exchange) end() {
	e.release()
	e.leave()
	e.Leave()
}

// release frees timer and context.
func (e *exchange) release() {
	e.stopTimer()
	e.Cancel(errEnded)
}

func (e *exchange) stopTimer() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// explain says why err arose, if it did because the exchange's context is done.
func (e *exchange) explain(err error) error {
	reason := context.Cause(e.ctx)
	if e.IsCut() && e.parent.Err() == nil {
		reason = errCut
	}
	if reason == nil || reason == errEnded {
		return err
	}
	if e.parent.Err() != nil && reason == context.Cause(e.parent) {
		if e.HasLeft() || errors.Is(err, e.parent.Err()) {
			return err
		}
		return fmt.Errorf("%w: %w", e.parent.Err(), err)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" { // keep the proof that nothing was sent
		withReason := *op
		withReason.Err = reason
		return &withReason
	}
	return reason
}
