// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// errEnded is why the context of an exchange is done that came to its end.
var errEnded = errors.New("the exchange has ended")

// exchange is a request on its way, until the answer's body has been read or
// closed.
type exchange struct {
	parent context.Context         // the request's own
	ctx    context.Context         // the same; or done as well when the adapter's time limit is over
	cancel context.CancelCauseFunc // nil if ctx is the request's own
	timer  *time.Timer             // nil: none
	isCut  atomic.Bool             // by the end of the adapter, which closes the connections
	body   responseBody

	all            *exchanges
	previous, next *exchange // of all; nil once removed
}

// end takes the exchange off the books. It may be called repeatedly.
func (e *exchange) end() {
	e.stopTimer()
	if e.cancel != nil {
		e.cancel(errEnded)
	}
	e.all.remove(e)
}

func (e *exchange) stopTimer() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// explain says why err arose, if it did because the exchange's context is done.
func (e *exchange) explain(err error) error {
	reason := context.Cause(e.ctx)
	if e.isCut.Load() && e.parent.Err() == nil {
		reason = errCut
	}
	if reason == nil || reason == errEnded {
		return err
	}
	if e.parent.Err() != nil && reason == context.Cause(e.parent) {
		if errors.Is(err, e.parent.Err()) {
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

// exchanges are those of one adapter. A lock and a list, not a WaitGroup: an
// exchange may begin while Stop begins, and each must be found to be cut.
type exchanges struct {
	mu      sync.Mutex
	active  exchange // the ring's place to begin and end
	stopped bool
	idle    chan struct{} // made by stop, closed once no exchange is active
}

func (s *exchanges) isEmpty() bool { return s.active.next == nil || s.active.next == &s.active }

func (s *exchanges) insert(e *exchange) {
	if s.active.next == nil {
		s.active.previous, s.active.next = &s.active, &s.active
	}
	e.previous, e.next = &s.active, s.active.next
	e.previous.next, e.next.previous = e, e
}

// unlink is false if the exchange has been removed already.
func (e *exchange) unlink() bool {
	if e.next == nil {
		return false
	}
	e.previous.next, e.next.previous = e.next, e.previous
	e.previous, e.next = nil, nil
	return true
}

// begin adds an exchange. A timeout of 0 is none; one that parent's deadline
// comes before takes no timer, and neither does a request whose attempt has a
// limit.
func (s *exchanges) begin(parent context.Context, timeout time.Duration) (*exchange, error) {
	e := &exchange{parent: parent, ctx: parent, all: s}
	if timeout > 0 && !isLimited(parent) && !endsWithin(parent, timeout) {
		e.ctx, e.cancel = context.WithCancelCause(parent)
		e.timer = time.AfterFunc(timeout, func() { e.cancel(&timeoutError{timeout, "timeout"}) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		e.stopTimer()
		if e.cancel != nil {
			e.cancel(errEnded)
		}
		return nil, ErrStopped
	}
	s.insert(e)
	return e, nil
}

func endsWithin(ctx context.Context, timeout time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= timeout
}

func (s *exchanges) remove(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.unlink() {
		return
	}
	if s.stopped && s.isEmpty() {
		close(s.idle)
	}
}

// stop lets no exchange begin, waits for the active ones until ctx is done, and
// returns how many it cut then.
func (s *exchanges) stop(ctx context.Context) (cut int) {
	select {
	case <-s.refuse():
		return 0
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.isEmpty() {
		e := s.active.next
		e.isCut.Store(true)
		if e.cancel != nil {
			e.cancel(errCut)
		}
		e.unlink()
		cut++
	}
	if cut > 0 {
		close(s.idle)
	}
	return cut
}

var errCut = fmt.Errorf("%w while the request was in flight", ErrStopped)

// refuse lets no exchange begin, and returns what is closed once none is active.
func (s *exchanges) refuse() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.stopped = true
		s.idle = make(chan struct{})
		if s.isEmpty() {
			close(s.idle)
		}
	}
	return s.idle
}
