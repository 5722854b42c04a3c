// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
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
	shard          *exchangeShard
	previous, next *exchange // of the shard; nil once removed
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

// exchanges are those of one adapter, in several shards, so that calls on many
// processors do not wait for each other.
type exchanges struct {
	shards   [8]exchangeShard
	idle     chan struct{} // closed once stopped and empty
	idleOnce sync.Once     // makes idle
	endOnce  sync.Once     // closes it
}

// exchangeShard is a lock and a list, not a WaitGroup: an exchange may begin
// while Stop begins, and each must be found to be cut.
type exchangeShard struct {
	mu      sync.Mutex
	active  exchange // the ring's place to begin and end
	stopped bool
}

func (s *exchangeShard) isEmpty() bool {
	return s.active.next == nil || s.active.next == &s.active
}

func (s *exchangeShard) insert(e *exchange) {
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
func (x *exchanges) begin(parent context.Context, timeout time.Duration) (*exchange, error) {
	s := &x.shards[rand.IntN(len(x.shards))]
	e := &exchange{parent: parent, ctx: parent, all: x, shard: s}
	if timeout > 0 && port.TimeoutApplies(parent) && !endsWithin(parent, timeout) {
		e.ctx, e.cancel = context.WithCancelCause(parent)
		e.timer = time.AfterFunc(timeout, func() { e.cancel(port.NewTimeoutError("timeout", timeout)) })
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

func (x *exchanges) remove(e *exchange) {
	e.shard.mu.Lock()
	wasLast := e.unlink() && e.shard.stopped && e.shard.isEmpty()
	e.shard.mu.Unlock()
	if wasLast {
		x.endIfIdle()
	}
}

// stop lets no exchange begin, waits for the active ones until ctx is done, and
// returns how many it cut then.
func (x *exchanges) stop(ctx context.Context) (cut int) {
	x.refuse()
	select {
	case <-x.whenIdle():
		return 0
	case <-ctx.Done():
	}
	for i := range x.shards {
		cut += x.shards[i].cut()
	}
	x.endIfIdle()
	return cut
}

func (s *exchangeShard) cut() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; !s.isEmpty(); n++ {
		e := s.active.next
		e.isCut.Store(true)
		if e.cancel != nil {
			e.cancel(errCut)
		}
		e.unlink()
	}
	return n
}

var errCut = fmt.Errorf("%w while the request was in flight", ErrStopped)

// refuse lets no exchange begin.
func (x *exchanges) refuse() {
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		s.stopped = true
		s.mu.Unlock()
	}
	x.endIfIdle()
}

func (x *exchanges) whenIdle() chan struct{} {
	x.idleOnce.Do(func() { x.idle = make(chan struct{}) })
	return x.idle
}

// endIfIdle closes idle if all shards are stopped and none has an exchange.
func (x *exchanges) endIfIdle() {
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		isIdle := s.stopped && s.isEmpty()
		s.mu.Unlock()
		if !isIdle {
			return
		}
	}
	x.endOnce.Do(func() { close(x.whenIdle()) })
}
