// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
)

// gate counts the requests of a port that are in flight, and stops it as the
// contract of [port.HttpClientPort] asks. Contexts and channels are made when
// they are needed, so that a port made outside a synctest bubble works in it.
type gate struct{ inFlight drain.Group }

// passage is one request in flight.
type passage struct {
	drain.Member
	ctx context.Context // the request's own, cut by stop
}

var errCut = fmt.Errorf("%w while the request was in flight", port.ErrStopped)

func (g *gate) enter(ctx context.Context) (*passage, error) {
	p := &passage{}
	var cancel context.CancelCauseFunc
	p.ctx, cancel = context.WithCancelCause(ctx)
	if !g.inFlight.Enter(&p.Member, cancel) {
		cancel(nil)
		return nil, port.ErrStopped
	}
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
	p.Leave()
	p.Cancel(nil)
}

func (g *gate) stop(ctx context.Context) error {
	if cut := g.inFlight.Drain(ctx, errCut); cut > 0 {
		return fmt.Errorf("requests cut off because they outlasted the time for stopping: %d: %w", cut, ctx.Err())
	}
	return nil
}
