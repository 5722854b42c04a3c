// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/port"
)

// waitContext is the context in which a call waits: for a place in a bulkhead, for
// its turn, for the delay before another attempt. It is the caller's, but it ends
// as well when the engine cuts its calls. It costs nothing until somebody waits.
type waitContext struct {
	context.Context                 // the caller's
	cut             context.Context // ends when the engine cuts its calls

	merged atomic.Pointer[mergedContext] // nil until somebody waits
	ended  atomic.Bool
	mu     sync.Mutex // guards the making of merged
}

// mergedContext is a context of package context that ends with both.
type mergedContext struct {
	context.Context
	end func()
}

var errCallEnded = errors.New("the call has ended")

// begin sets the context up. It must be called before any other method.
func (w *waitContext) begin(ctx, cut context.Context) { w.Context, w.cut = ctx, cut }

// end gives back what the context needs.
func (w *waitContext) end() {
	w.ended.Store(true)
	if merged := w.merged.Load(); merged != nil {
		merged.end()
	}
}

func (w *waitContext) merge() *mergedContext {
	if merged := w.merged.Load(); merged != nil {
		return merged
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if merged := w.merged.Load(); merged != nil {
		return merged
	}
	ctx, cancel := context.WithCancelCause(w.Context)
	detach := context.AfterFunc(w.cut, func() { cancel(context.Cause(w.cut)) })
	merged := &mergedContext{ctx, func() { detach(); cancel(errCallEnded) }}
	w.merged.Store(merged)
	if w.ended.Load() {
		merged.end()
	}
	return merged
}

// Done implements context.Context.
func (w *waitContext) Done() <-chan struct{} { return w.merge().Done() }

// Err implements context.Context.
func (w *waitContext) Err() error {
	if merged := w.merged.Load(); merged != nil {
		return merged.Err()
	}
	if err := w.Context.Err(); err != nil {
		return err
	}
	return w.cut.Err()
}

// AfterFunc lets package context derive from this one without a goroutine.
func (w *waitContext) AfterFunc(f func()) (stop func() bool) {
	return context.AfterFunc(w.merge().Context, f)
}

// wasCut reports whether the engine, and not the caller, has ended the wait.
func (w *waitContext) wasCut() bool { return w.cut.Err() != nil && w.Context.Err() == nil }

// withoutWait returns the caller's context if ctx is the one in which the call
// waits: the default port ends its requests by itself, and a context of package
// context costs less there.
func (c *call) withoutWait(ctx context.Context) context.Context {
	if w, ok := ctx.(*waitContext); ok && !c.IsOpaque {
		return w.Context
	}
	return ctx
}

// errCutOff says that the engine has ended a call.
var errCutOff = fmt.Errorf("%w while the call was under way", port.ErrStopped)

// cutOff is the outcome of a call that the engine has ended.
func (c *call) cutOff(err error) error {
	if errors.Is(err, port.ErrStopped) {
		return err
	}
	o := c.failed(err, 0)
	o.Err, o.ServiceFailed = errCutOff, false
	return o
}
