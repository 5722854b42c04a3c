// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"sync/atomic"
)

// Gate counts work in flight. It is safe for concurrent use and must not be
// copied.
type Gate struct {
	_        cacheLine // separates the fields that Enter writes from those that it reads
	inFlight atomic.Int64
	entered  atomic.Int64
	_        cacheLine
	closed   atomic.Bool // Enter returns false
	cut      atomic.Bool // work in flight must stop
	idle     signal      // closed and nothing in flight
}

type cacheLine [64]byte

// Enter reports whether the gate is open. If it returns true, the caller must
// call Leave.
func (g *Gate) Enter() bool {
	g.inFlight.Add(1)
	if g.closed.Load() {
		g.Leave()
		return false
	}
	g.entered.Add(1)
	return true
}

// Join counts work on behalf of work that is already in flight, even if the
// gate is closed. The caller must call Leave.
func (g *Gate) Join() { g.inFlight.Add(1) }

// Leave must be called once for each Enter or Join.
func (g *Gate) Leave() {
	if g.inFlight.Add(-1) == 0 && g.closed.Load() {
		g.idle.fire()
	}
}

// Close rejects new work. It does not wait.
func (g *Gate) Close() {
	g.inFlight.Add(1) // so that Leave sees that the gate is closed
	g.closed.Store(true)
	g.Leave()
}

// Drain closes the gate and waits until nothing is in flight or ctx is done.
// After that, [Gate.IsCut] returns true.
func (g *Gate) Drain(ctx context.Context) {
	g.Close()
	select {
	case <-g.Idle():
	case <-ctx.Done():
	}
	g.cut.Store(true)
}

// Idle returns a channel that is closed when the gate is closed and nothing is
// in flight.
func (g *Gate) Idle() <-chan struct{} { return g.idle.wait() }

// IsClosed reports whether Close or Drain has been called.
func (g *Gate) IsClosed() bool { return g.closed.Load() }

// IsCut reports whether Drain has ended, so that work that is still in flight
// must stop.
func (g *Gate) IsCut() bool { return g.cut.Load() }

// InFlight returns the number of Enter and Join calls without Leave.
func (g *Gate) InFlight() int64 { return g.inFlight.Load() }

// Entered returns the total number of successful Enter calls. Join does not
// count.
func (g *Gate) Entered() int64 { return g.entered.Load() }
