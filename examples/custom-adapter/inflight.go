// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// inFlight knows the calls under way, so that they can be waited for and cut.
type inFlight struct {
	mu      sync.Mutex
	count   int
	stopped bool
	idle    chan struct{} // closed when stopped and none is under way
	cut     context.Context
	cutAll  context.CancelCauseFunc
}

func newInFlight() *inFlight {
	f := &inFlight{idle: make(chan struct{})}
	f.cut, f.cutAll = context.WithCancelCause(context.Background())
	return f
}

// begin adds a call. done, which may be called repeatedly, takes it off.
func (f *inFlight) begin(parent context.Context, timeout time.Duration) (ctx context.Context, done func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return nil, nil, client.ErrStopped
	}
	f.count++
	ctx, cancel := withTimeout(parent, timeout)
	ctx, cancelCause := context.WithCancelCause(ctx)
	release := context.AfterFunc(f.cut, func() { cancelCause(context.Cause(f.cut)) })
	return ctx, sync.OnceFunc(func() {
		release()
		cancelCause(nil)
		cancel()
		f.end()
	}), nil
}

func (f *inFlight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	if f.stopped && f.count == 0 {
		close(f.idle)
	}
}

// stop lets no call begin, waits until ctx is done, and cuts the rest.
func (f *inFlight) stop(ctx context.Context) error {
	f.mu.Lock()
	if !f.stopped {
		f.stopped = true
		if f.count == 0 {
			close(f.idle)
		}
	}
	f.mu.Unlock()
	select {
	case <-f.idle:
		return nil
	case <-ctx.Done():
		f.cutAll(fmt.Errorf("%w while the call was under way", client.ErrStopped))
		return fmt.Errorf("calls were cut off: %w", ctx.Err())
	}
}
