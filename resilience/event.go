// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"encoding/json"
	"time"
)

// Event describes what a policy has done. Declared clients publish it on the
// application context's event bus. In JSON, durations are strings such as "1.5s".
type Event struct {
	Kind    EventKind     `json:"kind"`
	At      time.Time     `json:"at"`
	Client  string        `json:"client"`            // the client, "payment-client"
	Method  string        `json:"method,omitempty"`  // the method, "Charge"; "" if the event concerns the whole client
	Name    string        `json:"name,omitempty"`    // the circuit breaker that changed state, "payment-client/Charge"
	Attempt int           `json:"attempt,omitempty"` // the attempt that failed, or that begins
	From    CircuitState  `json:"from"`              // the state before a change
	To      CircuitState  `json:"to"`
	Delay   time.Duration `json:"delay,omitempty"`   // the delay of a retry or hedge, the duration of a slow call, or the age of an old response
	Err     error         `json:"-"`                 // the cause
	TraceID string        `json:"traceId,omitempty"` // of the call, if it is traced and known
}

// MarshalJSON implements [json.Marshaler].
func (e Event) MarshalJSON() ([]byte, error) {
	type fields Event
	return json.Marshal(struct {
		fields
		Delay string `json:"delay,omitempty"`
	}{fields(e), textOf(e.Delay)})
}

// EventKind is the kind of an [Event].
type EventKind string

// The kinds of events.
const (
	EventStateChanged    EventKind = "state-changed"    // of a circuit breaker
	EventRejected        EventKind = "rejected"         // by circuit breaker, bulkhead, rate limit or adaptive limit
	EventRetryScheduled  EventKind = "retry-scheduled"  // after a failed attempt
	EventBudgetExhausted EventKind = "budget-exhausted" // a retry or hedge did not begin
	EventHedgeStarted    EventKind = "hedge-started"
	EventHedgeWon        EventKind = "hedge-won"
	EventSlowCall        EventKind = "slow-call"
	EventStaleAnswer     EventKind = "stale-answer" // an old response replaced an error
)

// MarshalText implements [encoding.TextMarshaler] by String.
func (s CircuitState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
