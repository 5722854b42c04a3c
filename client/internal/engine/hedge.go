// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// hedge makes attempts side by side and takes the response of the first that
// succeeds.
func (c *call) hedge(ctx context.Context) error {
	h := &hedged{call: c, message: c.message.Owned()}
	c.rememberTried()
	defer h.end()
	err := c.op.Hedge.Execute(ctx, h.attempt)
	h.end()
	if o, ok := err.(*Outcome); ok {
		changed := *o
		changed.Attempts = c.attempts
		return c.described(&changed)
	}
	if err != nil {
		return err
	}
	if o := c.deliver(h.first); o != nil {
		return c.described(o)
	}
	return nil
}

// hedged are attempts side by side, each with a call of its own. One that loses may
// outlast the call: it goes on by itself, with a message of its own. None begins
// after the call.
type hedged struct {
	call    *call
	message *message.Message

	mu     sync.Mutex
	first  *message.Response // of the attempt that succeeded first
	isOver bool
}

func (h *hedged) attempt(ctx context.Context) error {
	leg := h.begin()
	if leg == nil {
		return context.Canceled
	}
	defer leg.gate.Leave()
	kept := &message.Response{}
	leg.sink = kept
	before := leg.attempts
	err := leg.attemptOnce(ctx)
	return h.endAttempt(leg, leg.attempts > before, kept, err)
}

// endAttempt notes the end of an attempt. One that the circuit breaker has rejected
// was not made.
func (h *hedged) endAttempt(leg *call, wasMade bool, r *message.Response, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isOver {
		h.call.fingerprint = leg.fingerprint
	}
	if !h.isOver && !wasMade {
		h.call.attempts--
	}
	if err == nil && h.first == nil {
		h.first = r
	}
	return err
}

// begin returns the call of another attempt, or nil if it is too late for one. Who
// gets one leaves its gate.
func (h *hedged) begin() *call {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isOver {
		return nil
	}
	c := h.call
	c.gate.Join()
	leg := &call{Engine: c.Engine, op: c.op, message: h.message, idempotencyKey: c.idempotencyKey, tried: c.tried, begun: c.begun, admitted: time.Now(), attempts: c.attempts}
	c.attempts++
	return leg
}

// end detaches the attempts that are still under way from the call.
func (h *hedged) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.isOver = true
}
