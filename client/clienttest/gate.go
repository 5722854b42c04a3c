// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
)

// gate counts the requests in flight of a port, and stops the port as the
// contract of [port.HttpClientPort] requires. Contexts and channels are created
// when they are needed, so that a port that was created outside a synctest
// bubble works inside one.
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

// err returns the reason why the request ended: the error of its context, or
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
		return fmt.Errorf("requests cancelled because they did not finish within the stop timeout: %d: %w", cut, ctx.Err())
	}
	return nil
}
