// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Group holds cancellable work in flight. Enter, Leave and the cancellation of
// one member take constant time. It is safe for concurrent use and must not be
// copied.
type Group struct {
	shards [8]shard // so that members on many processors do not wait for each other
	idle   signal   // closed and without members
}

// shard is a lock and a ring, not a counter: a member may enter while Drain
// begins, and every member that has entered must be found and cut.
type shard struct {
	mu      sync.Mutex
	members Member // the ring's root
	closed  bool
	_       cacheLine
}

// Member is one member of a [Group]. Embed it in the type of the work. The zero
// value may enter once.
type Member struct {
	group          *Group
	shard          *shard
	previous, next *Member // nil once it has left or is cut
	cancel         context.CancelCauseFunc
	cut, left      atomic.Bool
}

// Enter adds a member and returns true, unless the group is closed. After that,
// the caller must call [Member.Leave]. cancel is called with the cause of
// [Group.Drain] if the member is cut; it may be nil.
func (g *Group) Enter(m *Member, cancel context.CancelCauseFunc) bool {
	s := &g.shards[rand.IntN(len(g.shards))]
	m.group, m.shard, m.cancel = g, s, cancel
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.insert(m)
	return true
}

// Leave removes the member from its group. It may be called repeatedly.
func (m *Member) Leave() {
	m.left.Store(true)
	s := m.shard
	s.mu.Lock()
	wasLast := m.unlink() && s.closed && s.isEmpty()
	s.mu.Unlock()
	if wasLast {
		m.group.fireIfIdle()
	}
}

// Cancel calls the cancel function that was passed to Enter, if any.
func (m *Member) Cancel(cause error) {
	if m.cancel != nil {
		m.cancel(cause)
	}
}

// IsCut reports whether Drain has cut the member.
func (m *Member) IsCut() bool { return m.cut.Load() }

// HasLeft reports whether Leave has been called.
func (m *Member) HasLeft() bool { return m.left.Load() }

// Close rejects new members. It does not wait.
func (g *Group) Close() {
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
	g.fireIfIdle()
}

// Drain closes the group and waits until it has no members or ctx is done. Then
// it cancels the remaining members with cause, and returns their number.
func (g *Group) Drain(ctx context.Context, cause error) (cut int) {
	g.Close()
	select {
	case <-g.idle.wait():
		return 0
	case <-ctx.Done():
	}
	for i := range g.shards {
		cut += g.shards[i].cutAll(cause)
	}
	g.fireIfIdle()
	return cut
}

// fireIfIdle wakes the waiters if all shards are closed and empty.
func (g *Group) fireIfIdle() {
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.Lock()
		isIdle := s.closed && s.isEmpty()
		s.mu.Unlock()
		if !isIdle {
			return
		}
	}
	g.idle.fire()
}

func (s *shard) isEmpty() bool { return s.members.next == nil || s.members.next == &s.members }

func (s *shard) insert(m *Member) {
	root := &s.members
	if root.next == nil {
		root.previous, root.next = root, root
	}
	m.previous, m.next = root, root.next
	m.previous.next, m.next.previous = m, m
}

// unlink returns false if the member is in no ring.
func (m *Member) unlink() bool {
	if m.next == nil {
		return false
	}
	m.previous.next, m.next.previous = m.next, m.previous
	m.previous, m.next = nil, nil
	return true
}

func (s *shard) cutAll(cause error) (n int) {
	for m := s.cutFirst(); m != nil; m = s.cutFirst() {
		n++
		m.Cancel(cause) // without the lock
	}
	return n
}

// cutFirst removes a member from the ring, or returns nil if there is none.
func (s *shard) cutFirst() *Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isEmpty() {
		return nil
	}
	m := s.members.next
	m.cut.Store(true)
	m.unlink()
	return m
}
