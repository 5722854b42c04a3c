// SPDX-License-Identifier: Apache-2.0

package watcher

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// Subscription is one user's part in a watch. It is safe for concurrent use.
type Subscription struct {
	watch      *watch
	emptyGrace atomic.Int64 // time.Duration
	told       *answer      // of the watch's loop

	mu     sync.Mutex // held while apply runs
	closed bool
	apply  func([]discovery.Instance)
}

// SetEmptyGrace changes how long an empty set that follows another is doubted.
func (s *Subscription) SetEmptyGrace(d time.Duration) {
	s.emptyGrace.Store(int64(d))
	s.watch.wakeUp()
}

// Refresh says that an instance cannot be connected to. The resolver is asked to
// look again if it is a [discovery.Refresher], at most once a second. Refresh does
// not block.
func (s *Subscription) Refresh() { s.watch.refresh() }

// Failure returns why the resolver is not at work, or nil if it is. Its text may be
// shown.
func (s *Subscription) Failure() error { return s.watch.lastFailure() }

// Close ends the subscription. When it returns, apply has returned and is not
// called again; it must not be called by apply. Close may be called repeatedly.
func (s *Subscription) Close() {
	s.mu.Lock()
	wasClosed := s.closed
	s.closed = true
	s.mu.Unlock()
	if !wasClosed {
		s.watch.group.unsubscribe(s)
	}
}

// tell passes an answer on, unless it is doubted for a time, which it returns.
func (s *Subscription) tell(a *answer) (doubted time.Duration) {
	if s.told == a {
		return 0
	}
	if before := a.before; before != nil { // then a is empty
		if left := time.Until(a.at.Add(time.Duration(s.emptyGrace.Load()))); left > 0 {
			s.pass(before)
			return left
		}
	}
	s.pass(a)
	return 0
}

func (s *Subscription) pass(a *answer) {
	if s.told == a {
		return
	}
	s.told = a
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.apply(a.instances)
	}
}
