// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/resilience"
)

// event is a [client.PolicyEvent], or several equal ones, as it is sent.
type event struct {
	ID      int64                  `json:"id"`
	At      seconds                `json:"at"` // of the last
	Kind    client.PolicyEventKind `json:"kind"`
	Client  string                 `json:"client"`
	Method  string                 `json:"method,omitempty"`
	Name    string                 `json:"name,omitempty"` // of the circuit breaker
	Attempt int                    `json:"attempt,omitempty"`
	DelayMs float64                `json:"delayMs,omitempty"`
	From    string                 `json:"from,omitempty"`
	To      string                 `json:"to,omitempty"`
	Error   string                 `json:"error,omitempty"`
	TraceID string                 `json:"traceId,omitempty"` // of the first
	Count   int64                  `json:"count"`
}

// eventBatch is the message with the events of an interval.
type eventBatch struct {
	Events  []event `json:"events"`
	Omitted int64   `json:"omitted"` // number of events that were left out
}

// maxBatch is the maximum number of distinct events in a batch.
const maxBatch = 100

// alike is the key by which equal events are merged.
type alike struct {
	kind     client.PolicyEventKind
	client   string
	method   string
	name     string // of the circuit breaker
	from, to resilience.CircuitState
}

// batch collects events until they are sent. Equal events are merged into one
// with a count, so that the cost is bounded. It is safe for concurrent use.
type batch struct {
	mu      sync.Mutex
	events  []gathered
	index   map[alike]int
	omitted int64
	lastID  int64
}

type gathered struct {
	client.PolicyEvent
	id, count int64
}

func newBatch() *batch { return &batch{index: map[alike]int{}} }

// add is called on the goroutine of the call and must be fast.
func (b *batch) add(e client.PolicyEvent) {
	kind := alike{e.Kind, e.Client, e.Method, e.Name, e.From, e.To}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.index[kind]; ok {
		b.events[i].count++
		b.events[i].At = e.At
		return
	}
	if len(b.events) == maxBatch {
		b.omitted++
		return
	}
	b.lastID++
	b.index[kind] = len(b.events)
	b.events = append(b.events, gathered{e, b.lastID, 1})
}

// take returns the collected events and empties the batch.
func (b *batch) take() (taken eventBatch) {
	b.mu.Lock()
	events, omitted := b.events, b.omitted
	b.events, b.omitted = nil, 0
	clear(b.index)
	b.mu.Unlock()
	taken = eventBatch{Events: make([]event, len(events)), Omitted: omitted}
	for i, g := range events {
		taken.Events[i] = g.event()
	}
	return taken
}

// These limit how much of an error is sent, and how much is searched for
// secrets.
const (
	maxErrorText = 300
	maxErrorRead = 16 << 10
)

func (g *gathered) event() event {
	e := event{
		ID: g.id, At: secondsOf(g.At), Kind: g.Kind, Client: g.Client, Method: g.Method, Name: g.Name, Attempt: g.Attempt,
		DelayMs: float64(g.Delay) / float64(time.Millisecond), Count: g.count, TraceID: g.TraceID,
	}
	if g.Kind == client.EventStateChanged {
		e.From, e.To = g.From.String(), g.To.String()
	}
	if g.Err != nil {
		e.Error = shortened(secret.Text(shortened(usercode.Text(g.Err), maxErrorRead)), maxErrorText)
	}
	return e
}

// recent keeps the latest events for new clients of the stream.
type recent struct {
	mu     sync.Mutex
	events []event
}

const maxRecent = 200

func (r *recent) add(events []event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
	if surplus := len(r.events) - maxRecent; surplus > 0 {
		r.events = slices.Delete(r.events, 0, surplus)
	}
}

func (r *recent) all() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event{}, r.events...)
}
