// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
)

// Caller runs the calls of one method. It is not changed after the client has been
// wired and is safe for concurrent use.
type Caller struct {
	// Current returns what runs a call that begins now.
	Current func() Target
	Format  *message.Format
	Decoder message.Decoder
	// Take takes a response into a target, which is nil if the method returns only
	// an error.
	Take       func(d message.Decoder, r *message.Response, target any) error
	Path       string          // the template: calls that are not sent have no other path
	Reconnects bool            // a stream of events goes on after its end
	Stopped    <-chan struct{} // closed when the client stops
}

// Target is what runs a call, with the settings of one time.
type Target struct {
	*engine.Engine
	Operation *engine.Operation
	Links     message.Links
	Coding    coding.Coding // of the body; nil: none
}

// Fill puts the arguments of a call into a draft.
type Fill = func(*message.Draft)

// ErrNilContext is the error of a call without a context.
var ErrNilContext = fmt.Errorf("%w: its context is nil: give context.Background() at least", port.ErrInvalidRequest)

// notSent is the error of a call that does not reach the engine.
func (c *Caller) notSent(ctx context.Context, t Target, err error) error {
	return t.NotSent(ctx, t.Operation, &message.Message{Path: c.Path}, err)
}

// Call is one call, with what goes in and where the response goes: all that it needs
// in one piece of memory. It is used once.
type Call struct {
	engine.Run
	caller *Caller
	draft  message.Draft
	sent   message.Message
	target any
}

// Do runs the call. target is a pointer to the result, or nil if there is none.
func (c *Call) Do(ctx context.Context, caller *Caller, fill Fill, target any) error {
	c.caller, c.target = caller, target
	t := caller.Current()
	if ctx == nil {
		return caller.notSent(ctx, t, ErrNilContext)
	}
	if err := c.encode(t, fill); err != nil {
		return caller.notSent(ctx, t, err)
	}
	return c.Run.Do(ctx, t.Engine, t.Operation, &c.sent, c)
}

// Take implements [message.Sink].
func (c *Call) Take(r *message.Response) error { return c.caller.Take(c.caller.Decoder, r, c.target) }

func (c *Call) encode(t Target, fill Fill) error {
	if err := c.write(fill); err != nil {
		return err
	}
	if err := c.sent.Compress(t.Coding); err != nil {
		return err
	}
	return t.Links.Follow(&c.sent)
}

// write makes the message. Marshallers of the user's may panic.
func (c *Call) write(fill Fill) (err error) {
	defer message.Recover(&err)
	c.draft.Begin(c.caller.Format, &c.sent)
	fill(&c.draft)
	return c.draft.End()
}

// Open runs a call up to the response's headers. The caller closes the body.
func (c *Caller) Open(ctx context.Context, fill Fill) (*http.Response, error) {
	response, _, err := c.open(ctx, fill, "")
	return response, err
}

// open is Open. lastEventID, if there is one, says where a stream of events broke
// off.
func (c *Caller) open(ctx context.Context, fill Fill, lastEventID string) (*http.Response, *message.Message, error) {
	t := c.Current()
	if ctx == nil {
		return nil, nil, c.notSent(ctx, t, ErrNilContext)
	}
	call := &Call{caller: c}
	if err := call.encode(t, fill); err != nil {
		return nil, nil, c.notSent(ctx, t, err)
	}
	if lastEventID != "" {
		call.sent.SetHeader("Last-Event-ID", lastEventID)
	}
	response, err := t.Open(ctx, t.Operation, &call.sent)
	return response, &call.sent, err
}

// Elements is what one loop over a sequence reads. The request is sent when the
// loop begins.
func (c *Caller) Elements(ctx context.Context, fill Fill) *message.Sequence {
	return &message.Sequence{
		Decoder: c.Decoder, Reconnects: c.Reconnects,
		Open: func(lastEventID string) (*message.Stream, error) {
			response, sent, err := c.open(ctx, fill, lastEventID)
			if err != nil {
				return nil, err
			}
			t := c.Current()
			failed := func(err error) error { return t.StreamFailed(ctx, t.Operation, sent, response, err) }
			return &message.Stream{Response: response, Limit: t.Operation.MaxResponseSize, Failed: failed}, nil
		},
		Sleep: func(d time.Duration) error {
			if err := c.sleep(ctx, d); err != nil {
				t := c.Current()
				return t.Failed(t.Operation, &message.Message{Path: c.Path}, err)
			}
			return nil
		},
	}
}

// sleep waits until the time is over, or the client stops.
func (c *Caller) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.Stopped:
		return port.ErrStopped
	}
}
