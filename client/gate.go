// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate counts the calls of a client that are under way, so that stopping it can
// wait for them. Entering and leaving costs an atomic addition each.
type gate struct {
	inside   atomic.Int64
	calls    atomic.Int64 // that have entered; beside inside, for one write more costs nothing there
	_        [64]byte     // what every call writes shares no cache line with what it reads
	closed   atomic.Bool  // no call may enter
	cut      atomic.Bool  // no call inside may go on
	idle     chan struct{}
	idleOnce sync.Once // closes idle
}

// enter is false once the gate is closed. A call that entered must leave.
func (g *gate) enter() bool {
	g.inside.Add(1)
	if g.closed.Load() {
		g.leave()
		return false
	}
	g.calls.Add(1)
	return true
}

// join lets one in by leave of another who is inside.
func (g *gate) join() { g.inside.Add(1) }

func (g *gate) leave() {
	if g.inside.Add(-1) == 0 && g.closed.Load() {
		g.idleOnce.Do(func() { close(g.idle) })
	}
}

func (g *gate) isClosed() bool { return g.closed.Load() }
func (g *gate) isCut() bool    { return g.cut.Load() }

// refuse lets no call enter.
func (g *gate) refuse() {
	g.inside.Add(1) // so that leaving finds the gate closed
	g.closed.Store(true)
	g.leave()
}

// close lets no call enter and waits until none is inside or ctx is done; then
// it lets none go on.
func (g *gate) close(ctx context.Context) {
	g.refuse()
	select {
	case <-g.idle:
	case <-ctx.Done():
	}
	g.cut.Store(true)
}
