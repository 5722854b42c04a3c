// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"fmt"
	"sync"

	"github.com/pyfly-go/pyfly/client/port"
)

// gate counts the requests of a port that are in flight, and stops it as the
// contract of [port.HttpClientPort] asks. Contexts and channels are made when
// they are needed, so that a port made outside a synctest bubble works in it.
type gate struct {
	mu       sync.Mutex
	stopped  bool
	inFlight map[*passage]struct{}
	idle     chan struct{} // made by stop, closed when nothing is in flight
}

// passage is one request in flight.
type passage struct {
	gate   *gate
	ctx    context.Context // the request's own, cut by stop
	cancel context.CancelCauseFunc
}

func (g *gate) enter(ctx context.Context) (*passage, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return nil, port.ErrStopped
	}
	if g.inFlight == nil {
		g.inFlight = map[*passage]struct{}{}
	}
	p := &passage{gate: g}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	g.inFlight[p] = struct{}{}
	return p, nil
}

// err is why the passage is over: as the request's context says, or
// [port.ErrStopped].
func (p *passage) err(parent context.Context) error {
	if err := parent.Err(); err != nil {
		return err
	}
	return context.Cause(p.ctx)
}

func (p *passage) leave() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	p.cancel(nil)
	if _, ok := g.inFlight[p]; !ok {
		return
	}
	delete(g.inFlight, p)
	if g.stopped && len(g.inFlight) == 0 {
		close(g.idle)
	}
}

func (g *gate) stop(ctx context.Context) error {
	select {
	case <-g.refuse():
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	cut := len(g.inFlight)
	if cut == 0 {
		return nil
	}
	for p := range g.inFlight {
		p.cancel(fmt.Errorf("%w while the request was in flight", port.ErrStopped))
		delete(g.inFlight, p)
	}
	close(g.idle)
	return fmt.Errorf("requests cut off because they outlasted the time for stopping: %d: %w", cut, ctx.Err())
}

func (g *gate) refuse() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopped {
		g.stopped = true
		g.idle = make(chan struct{})
		if len(g.inFlight) == 0 {
			close(g.idle)
		}
	}
	return g.idle
}
