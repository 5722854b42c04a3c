// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/eventbus"
	"github.com/pyfly-go/pyfly/internal/goroutines"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
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

func (r *run) deliver(ctx context.Context, s *eventbus.Subscription, event any, limit time.Duration) {
	begun := r.elapsed()
	where, err := r.call(ctx, "", fmt.Sprintf("subscriber of %T", event), limit, func(context.Context) error {
		defer r.subscribers.enter(event)()
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
	case !errors.Is(err, hook.ErrHangs):
		r.app.guarded.Error("an event's subscriber ended its goroutine with runtime.Goexit", "event", name)
	case ctx.Err() != nil && r.isEnding():
		if r.isStoppedBySubscriber.Load() {
			return // it waits for the end of the stop
		}
		r.app.guarded.Warn("an event's subscriber is still at work: the stop does not wait for it", "event", name, "stands at", where)
	default:
		r.app.guarded.Error("an event's subscriber hangs: it did not return within its limit",
			"event", name, "took", (r.elapsed() - begun).Round(time.Millisecond), "stands at", where)
	}
}

// subscribers are the goroutines on which events of the context are handled.
type subscribers struct {
	mu     sync.Mutex
	events map[uint64]any // by the goroutine's number
}

// enter adds the calling goroutine and returns the function that removes it.
func (s *subscribers) enter(event any) (leave func()) {
	number := goroutines.Number()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events == nil {
		s.events = map[uint64]any{}
	}
	s.events[number] = event
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.events, number)
	}
}

// ofCaller returns the event that the calling goroutine handles, or nil.
func (s *subscribers) ofCaller() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		return nil
	}
	return s.events[goroutines.Number()]
}
