// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"sync/atomic"
)

// Gate counts what is in flight. It is safe for concurrent use and must not be
// copied.
type Gate struct {
	_        cacheLine // what every entry writes shares no cache line with what it reads
	inFlight atomic.Int64
	entered  atomic.Int64
	_        cacheLine
	closed   atomic.Bool // nothing may enter
	cut      atomic.Bool // nothing in flight may go on
	idle     signal      // closed and nothing in flight
}

type cacheLine [64]byte

// Enter reports whether the gate is open. Whoever has entered calls Leave.
func (g *Gate) Enter() bool {
	g.inFlight.Add(1)
	if g.closed.Load() {
		g.Leave()
		return false
	}
	g.entered.Add(1)
	return true
}

// Join lets something in, closed or not, on behalf of something that is in flight
// already. It calls Leave as well.
func (g *Gate) Join() { g.inFlight.Add(1) }

// Leave ends what Enter or Join began.
func (g *Gate) Leave() {
	if g.inFlight.Add(-1) == 0 && g.closed.Load() {
		g.idle.fire()
	}
}

// Close lets nothing enter from now on. It does not wait.
func (g *Gate) Close() {
	g.inFlight.Add(1) // so that Leave finds the gate closed
	g.closed.Store(true)
	g.Leave()
}

// Drain closes the gate and waits until nothing is in flight or ctx is done. From
// then on [Gate.IsCut] is true.
func (g *Gate) Drain(ctx context.Context) {
	g.Close()
	select {
	case <-g.Idle():
	case <-ctx.Done():
	}
	g.cut.Store(true)
}

// Idle returns a channel that is closed once the gate is closed and nothing is in
// flight.
func (g *Gate) Idle() <-chan struct{} { return g.idle.wait() }

// IsClosed reports whether Close or Drain has been called.
func (g *Gate) IsClosed() bool { return g.closed.Load() }

// IsCut reports whether Drain has ended, so that nothing that is still in flight
// may go on.
func (g *Gate) IsCut() bool { return g.cut.Load() }

// InFlight returns how many have entered or joined and not left.
func (g *Gate) InFlight() int64 { return g.inFlight.Load() }

// Entered returns how many have ever entered. Join does not count.
func (g *Gate) Entered() int64 { return g.entered.Load() }
