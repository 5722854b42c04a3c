// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// gate counts the requests in flight and rejects new ones once it is stopped.
type gate struct {
	ctx context.Context // done once nothing may go on
	cut context.CancelFunc

	mu       sync.Mutex
	inFlight int
	stopped  bool
	idle     chan struct{} // closed once stopped and nothing is in flight
}

func newGate() *gate {
	g := &gate{idle: make(chan struct{})}
	g.ctx, g.cut = context.WithCancel(context.Background())
	return g
}

// enter admits a request. The context is done when parent is done, after
// timeout (0 for none), or when the request is cut. Its cause says which.
func (g *gate) enter(parent context.Context, timeout time.Duration) (ctx context.Context, leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return nil, nil, port.ErrStopped
	}
	g.inFlight++
	ctx, cancel := context.WithCancelCause(parent)
	disarm := context.AfterFunc(g.ctx, func() { cancel(port.ErrStopped) })
	release := context.CancelFunc(func() {})
	if timeout > 0 {
		ctx, release = context.WithTimeout(ctx, timeout)
	}
	return ctx, func() {
		disarm()
		release()
		cancel(nil)
		g.leave()
	}, nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	if g.stopped && g.inFlight == 0 {
		close(g.idle)
	}
}

// stop rejects new requests, waits for those in flight until ctx is done, and
// returns the number of requests that it cancelled. It may be called repeatedly.
func (g *gate) stop(ctx context.Context) (cut int) {
	g.refuse()
	select {
	case <-g.idle:
	case <-ctx.Done():
		g.mu.Lock()
		cut = g.inFlight
		g.mu.Unlock()
	}
	g.cut()
	<-g.idle
	return cut
}

func (g *gate) refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopped {
		g.stopped = true
		if g.inFlight == 0 {
			close(g.idle)
		}
	}
}
