// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"log/slog"

	"github.com/pyfly-go/pyfly/internal/eventbus"
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
	// ShutdownStarted says that the shutdown has begun: the application is not
	// ready any more, and serves on for pyfly.context.shutdown-delay. Its
	// subscribers are called side by side. They have the time of the delay, or,
	// without a delay, that of a bean's Stop.
	ShutdownStarted struct{}
	// ContextClosed says that the context begins to stop; every bean can
	// still be used.
	ContextClosed struct{}
)

// Events is a bus inside one application: what is published reaches, at once
// and on the publisher's goroutine, everyone who subscribed to its type, in the
// order of subscription. It is safe for concurrent use, and a subscriber may
// publish, subscribe and unsubscribe.
//
// The events that the application context itself publishes are delivered on
// goroutines of the context, one subscriber after another. Each subscriber has a
// time limit, that of a bean's Start or Stop; one that does not return within it
// is logged, and does not keep the event from the others.
type Events struct {
	logger *slog.Logger
	bus    eventbus.Bus
}

// NewEvents makes a bus. A subscriber's panic is logged to logger, or to
// slog.Default() when logger is nil.
func NewEvents(logger *slog.Logger) *Events {
	if logger == nil {
		logger = slog.Default()
	}
	return &Events{logger: logger}
}

// Publish hands event to every subscriber of its type and returns when all
// have returned. A subscriber that panics is logged and does not keep the event
// from the others.
func Publish[E any](events *Events, event E) {
	for _, s := range events.bus.Subscriptions() {
		events.deliver(s, event)
	}
}

// Subscribe calls fn for every event of type E that is published from now on.
// If E is an interface, that is every event that implements it. The returned
// function ends the subscription and may be called more than once.
//
// A subscription that is made while an application context is started, such as
// by a bean, ends when the context has stopped.
func Subscribe[E any](events *Events, fn func(E)) (unsubscribe func()) {
	return events.bus.Subscribe(eventbus.Subscription{
		Accepts: func(event any) bool { _, ok := event.(E); return ok },
		Deliver: func(event any) { fn(event.(E)) },
	})
}

// Bus is for the application context.
func (e *Events) Bus() *eventbus.Bus { return &e.bus }

func (e *Events) deliver(s *eventbus.Subscription, event any) {
	if !s.Accepts(event) {
		return
	}
	err := usercode.Call(func() error { s.Deliver(event); return nil })
	if panicked, ok := usercode.As[*kernel.PanicError](err); ok {
		e.logger.Error("an event's subscriber panicked",
			"event", fmt.Sprintf("%T", event), "error", err, "frames", panicked.Frames)
	}
}
