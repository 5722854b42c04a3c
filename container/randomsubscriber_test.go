// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// tick is an event of the application's own.
type tick struct{}

// randomEvents are the events of a random application.
var randomEvents = []struct {
	name      string
	subscribe func(events *lifecycle.Events, fn func())
}{
	{"ContextRefreshed", func(events *lifecycle.Events, fn func()) {
		lifecycle.Subscribe(events, func(lifecycle.ContextRefreshed) { fn() })
	}},
	{"ApplicationReady", func(events *lifecycle.Events, fn func()) {
		lifecycle.Subscribe(events, func(lifecycle.ApplicationReady) { fn() })
	}},
	{"ShutdownStarted", func(events *lifecycle.Events, fn func()) {
		lifecycle.Subscribe(events, func(lifecycle.ShutdownStarted) { fn() })
	}},
	{"ContextClosed", func(events *lifecycle.Events, fn func()) {
		lifecycle.Subscribe(events, func(lifecycle.ContextClosed) { fn() })
	}},
	{"tick", func(events *lifecycle.Events, fn func()) { lifecycle.Subscribe(events, func(tick) { fn() }) }},
}

const tickEvent = 4

// randomSubscriber is there before the first start.
type randomSubscriber struct {
	event int
	fault fault
	calls int // in this life
}

// giveSubscribers adds some of the application, and lets some beans subscribe.
func (w *world) giveSubscribers(r *rand.Rand, faults int) {
	for range r.IntN(6) {
		s := &randomSubscriber{event: r.IntN(len(randomEvents))}
		if s.event != tickEvent && r.IntN(6) < faults {
			s.fault = subscriberFaults[r.IntN(len(subscriberFaults))]
		}
		w.subscribers = append(w.subscribers, s)
	}
	for _, n := range w.nodes {
		if n.sameAs < 0 && r.IntN(20) == 0 {
			n.listensTo = r.IntN(len(randomEvents))
		}
	}
}

func (w *world) subscribe() {
	for _, s := range w.subscribers {
		randomEvents[s.event].subscribe(w.app.Events(), func() { w.handle(s) })
	}
}

func (w *world) handle(s *randomSubscriber) {
	w.mu.Lock()
	s.calls++
	f := s.fault
	w.mu.Unlock()
	switch f {
	case panics:
		panic("a subscriber")
	case exits:
		runtime.Goexit()
	case hangForever:
		<-w.release
	case stops:
		_ = w.app.Stop(context.Background())
	}
}

// listen subscribes on behalf of a bean, which must not hear of another life.
func (w *world) listen(event int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	life := w.number
	randomEvents[event].subscribe(w.app.Events(), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if life != w.number || w.isOver {
			w.violations = append(w.violations, fmt.Sprintf("a bean of life %d handles %s in life %d", life, randomEvents[event].name, w.number))
		}
	})
}

// hasStopper reports whether a subscriber calls Stop.
func (w *world) hasStopper() bool {
	for _, s := range w.subscribers {
		if s.fault == stops {
			return true
		}
	}
	return false
}

// checkSubscribers checks that each subscriber of the application was called once.
func (w *world) checkSubscribers(violate func(string, ...any), err error) {
	isWhole := err == nil && w.cancelAfter == 0 && w.totalStart == 0 && !w.hasStopper()
	for _, s := range w.subscribers {
		want := 1
		if s.event == tickEvent {
			want = w.ticks
		}
		if s.calls > want || s.calls < want && (isWhole || s.event == tickEvent) {
			violate("a subscriber of %s was called %d times instead of %d", randomEvents[s.event].name, s.calls, want)
		}
	}
}
