// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// Observer watches the calls of an operation and their attempts. It must be safe
// for concurrent use.
type Observer interface {
	// BeginCall returns the context of the call, and what EndCall gets.
	BeginCall(ctx context.Context) (context.Context, Span)
	// EndCall is told the outcome of a call; nil: it succeeded. took is how long
	// the call took; 0: not known yet.
	EndCall(ctx context.Context, span Span, begun time.Time, took time.Duration, o *Outcome)
	// BeginAttempt returns the context of an attempt, and what EndAttempt gets.
	// resends is how many attempts the call has made before. instance is the address
	// of the instance that the attempt goes to; "": none.
	BeginAttempt(ctx context.Context, m *message.Message, resends int, instance string) (context.Context, Span)
	// EndAttempt returns how long the attempt took; 0: it was not measured.
	EndAttempt(ctx context.Context, span Span, m *message.Message, begun time.Time, r Result) time.Duration
	// Inject adds to the headers of a request what tells the service the context
	// of its trace.
	Inject(ctx context.Context, req *http.Request)
}

// Span is whatever an [Observer] wants to know at the end of what it has begun.
type Span any

// Result is how an attempt ended.
type Result struct {
	Status                 int // of the response; 0: there was none
	ProtoMajor, ProtoMinor int // of the response's HTTP; 0: not known
	Err                    error
}

// ErrPanicked is the error of a call or an attempt that a panic has ended.
var ErrPanicked = errors.New("it panicked")

// panicked is the outcome of a call that a panic has ended. Nobody changes it.
var panicked = &Outcome{Err: ErrPanicked}

// observedAttempt makes an attempt that is observed.
func (c *call) observedAttempt(ctx context.Context) error {
	o, m, begun := c.op.Observer, c.message, c.attemptSeen()
	c.major, c.minor = 0, 0
	ctx, span := o.BeginAttempt(ctx, m, c.attempts, c.instance)
	err := error(ErrPanicked)
	defer func() {
		took := o.EndAttempt(ctx, span, m, begun, c.result(err))
		if begun == c.begun {
			c.took = took
		}
	}()
	err = c.exchangeAny(ctx)
	return err
}

// attemptSeen is when the attempt begins. A call that has not waited for anything
// needs no second look at the clock.
func (c *call) attemptSeen() time.Time {
	if c.attempts > 0 {
		return time.Now()
	}
	return c.admitted
}

// result is how an attempt ended.
func (c *call) result(err error) Result {
	r := Result{ProtoMajor: int(c.major), ProtoMinor: int(c.minor), Err: err}
	o, failed := err.(*Outcome)
	switch {
	case failed:
		r.Status = o.Status
	case err != nil: // no response is known
	case c.stream != nil:
		r.Status = c.stream.StatusCode
	default:
		r.Status = c.response.Status
	}
	return r
}

// answered notes the protocol of a response, for telemetry.
func (c *call) answered(response *http.Response) {
	c.major, c.minor = uint8(response.ProtoMajor), uint8(response.ProtoMinor)
}

// elapsed is how long a call took that was one attempt which succeeded, or 0: that
// needs no second look at the clock.
func (c *call) elapsed(o *Outcome) time.Duration {
	if o == nil && c.attempts == 1 {
		return c.took
	}
	return 0
}
