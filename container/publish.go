// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/eventbus"
	"github.com/pyfly-go/pyfly/internal/goroutines"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// publish hands an event of the context to its subscribers, one after another,
// each on a goroutine of its own and within the limit of a hook. What goes wrong
// is logged and does not keep the event from the others.
func (r *run) publish(ctx context.Context, event any, limit time.Duration) {
	for _, s := range r.app.events.Bus().Subscriptions() {
		if s.Accepts(event) {
			r.deliver(ctx, s, event, limit)
		}
	}
}

// publishSideBySide is publish to all subscribers at a time.
func (r *run) publishSideBySide(ctx context.Context, event any, limit time.Duration) {
	var wg sync.WaitGroup
	for _, s := range r.app.events.Bus().Subscriptions() {
		if s.Accepts(event) {
			wg.Go(func() { r.deliver(ctx, s, event, limit) })
		}
	}
	wg.Wait()
}

func (r *run) deliver(ctx context.Context, s *eventbus.Subscription, event any, limit time.Duration) {
	begun := r.elapsed()
	d := &delivery{event: event}
	where, err := r.call(ctx, "", fmt.Sprintf("subscriber of %T", event), limit, func(context.Context) error {
		defer r.subscribers.enter(d)()
		s.Deliver(event)
		return nil
	})
	if err == nil {
		return
	}
	name := fmt.Sprintf("%T", event)
	panicked, hasPanicked := usercode.As[*kernel.PanicError](err)
	switch {
	case hasPanicked:
		r.app.guarded.Error("an event's subscriber panicked", "event", name, "error", err, "frames", panicked.Frames)
	case err != hook.ErrHangs:
		r.app.guarded.Error("an event's subscriber ended its goroutine with runtime.Goexit", "event", name)
	case d.isInStop.Load(): // it waits for the end of the stop
	case ctx.Err() != nil && r.isEnding():
		r.app.guarded.Warn("an event's subscriber is still running: the stop does not wait for it", "event", name, "stands at", where)
	default:
		r.app.guarded.Error("an event's subscriber hangs: it did not return within its limit",
			"event", name, "took", (r.elapsed() - begun).Round(time.Millisecond), "stands at", where)
	}
}

// delivery is an event of the context that a subscriber handles.
type delivery struct {
	event    any
	isInStop atomic.Bool // the subscriber has called Stop
}

// isOfShutdown reports whether a Stop that is under way waits for the subscriber.
func (d *delivery) isOfShutdown() bool {
	if d == nil {
		return false
	}
	switch d.event.(type) {
	case lifecycle.ShutdownStarted, lifecycle.ContextClosed:
		return true
	}
	return false
}

// subscribers are the goroutines on which events of the context are handled.
type subscribers struct {
	mu         sync.Mutex
	deliveries map[uint64]*delivery // by the goroutine's number
}

// enter adds the calling goroutine and returns the function that removes it.
func (s *subscribers) enter(d *delivery) (leave func()) {
	number := goroutines.Number()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deliveries == nil {
		s.deliveries = map[uint64]*delivery{}
	}
	s.deliveries[number] = d
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.deliveries, number)
	}
}

// ofCaller returns what the calling goroutine handles, or nil.
func (s *subscribers) ofCaller() *delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.deliveries) == 0 {
		return nil
	}
	return s.deliveries[goroutines.Number()]
}
