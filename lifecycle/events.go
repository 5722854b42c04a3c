// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// The events that an application context publishes about itself.
type (
	// ContextRefreshed says that every bean has been built and started.
	ContextRefreshed struct{}
	// ApplicationReady follows ContextRefreshed and its subscribers: the
	// application serves.
	ApplicationReady struct{}
	// ContextClosed says that the context begins to stop; every bean can
	// still be used.
	ContextClosed struct{}
)

// Events is a bus inside one application: what is published reaches, at once
// and on the publisher's goroutine, everyone who subscribed to its type, in the
// order of subscription. It is safe for concurrent use, and a subscriber may
// publish, subscribe and unsubscribe.
type Events struct {
	logger        *slog.Logger
	subscriptions atomic.Pointer[[]*subscription]
	writing       sync.Mutex // serialises changes of subscriptions
}

type subscription struct {
	deliver func(event any)
}

// NewEvents makes a bus. A subscriber's panic is logged to logger, or to
// slog.Default() when logger is nil.
func NewEvents(logger *slog.Logger) *Events {
	if logger == nil {
		logger = slog.Default()
	}
	events := &Events{logger: logger}
	events.subscriptions.Store(&[]*subscription{})
	return events
}

// Publish hands event to every subscriber of its type and returns when all
// have returned. A subscriber that panics is logged and does not keep the event
// from the others.
func Publish[E any](events *Events, event E) {
	for _, s := range *events.subscriptions.Load() {
		events.deliver(s, event)
	}
}

// Subscribe calls fn for every event of type E that is published from now on.
// If E is an interface, that is every event that implements it. The returned
// function ends the subscription and may be called more than once.
func Subscribe[E any](events *Events, fn func(E)) (unsubscribe func()) {
	added := &subscription{deliver: func(event any) {
		if e, ok := event.(E); ok {
			fn(e)
		}
	}}
	events.change(func(list []*subscription) []*subscription { return append(list, added) })
	return func() {
		events.change(func(list []*subscription) []*subscription {
			return slices.DeleteFunc(list, func(s *subscription) bool { return s == added })
		})
	}
}

// change replaces the list, so that a Publish under way goes on with the old one.
func (e *Events) change(edit func([]*subscription) []*subscription) {
	e.writing.Lock()
	defer e.writing.Unlock()
	edited := edit(slices.Clone(*e.subscriptions.Load()))
	e.subscriptions.Store(&edited)
}

func (e *Events) deliver(s *subscription, event any) {
	err := usercode.Call(func() error { s.deliver(event); return nil })
	if panicked, ok := usercode.As[*kernel.PanicError](err); ok {
		e.logger.Error("an event's subscriber panicked",
			"event", fmt.Sprintf("%T", event), "error", err, "frames", panicked.Frames)
	}
}
