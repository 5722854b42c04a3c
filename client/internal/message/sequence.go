// SPDX-License-Identifier: Apache-2.0

package message

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Sequence reads elements one after the other, from one response or, if it
// reconnects, from several.
type Sequence struct {
	Decoder
	Reconnects bool // a stream of events goes on after its end

	// Open sends the request. lastEventID, if there is one, says where a stream of
	// events broke off.
	Open func(lastEventID string) (*Stream, error)
	// Sleep waits before Open is called again. Its error ends the sequence.
	Sleep func(time.Duration) error
}

// Stream is one response of a [Sequence].
type Stream struct {
	Response *http.Response
	Limit    int64 // bytes of one element; 0: none
	// Failed makes the error that the caller gets of one that arose while the
	// response was read.
	Failed func(error) error
}

// reconnectionDelay is how long to wait before a reconnection unless the server
// says otherwise.
const reconnectionDelay = 3 * time.Second

// errLoopLeft says that the caller has left the loop.
var errLoopLeft = errors.New("the loop was left")

// Each takes each element into what target returns, a pointer, and then calls
// yield with nil. An error is the last that yield gets. If yield returns false, or
// ctx is done, the sequence ends.
func (s *Sequence) Each(ctx context.Context, target func() any, yield func(error) bool) {
	events := &eventReader{reconnection: reconnectionDelay}
	for {
		err := s.readOne(ctx, events, target, yield)
		switch {
		case err == errLoopLeft, err == io.EOF && events.isOver:
			return
		case err == io.EOF:
			err = s.Sleep(events.wait())
		}
		if err != nil {
			yield(err)
			return
		}
	}
}

// readOne reads one response. It returns io.EOF when that has ended, or, if the
// sequence reconnects, broken off.
func (s *Sequence) readOne(ctx context.Context, events *eventReader, target func() any, yield func(error) bool) error {
	stream, err := s.Open(events.lastID)
	if err != nil {
		return err
	}
	body := stream.Response.Body
	defer func() { _ = body.Close() }()
	// The standard ends with 204, and with anything else that is not a stream of events.
	events.isOver = !s.Reconnects || stream.Response.StatusCode == http.StatusNoContent || !isEventStream(stream.Response)
	if stream.Response.StatusCode == http.StatusNoContent {
		return io.EOF
	}
	next := s.elements(stream.Response, stream.Limit, events)
	for {
		err := usercode.Error(next(target()))
		switch {
		case err == io.EOF:
			return io.EOF
		case err != nil && !events.isOver && ctx.Err() == nil && !errors.Is(err, ErrDecode) && !errors.Is(err, port.ErrTooLarge):
			return io.EOF
		case err != nil:
			return stream.Failed(err)
		case !yield(nil):
			return errLoopLeft
		}
	}
}
