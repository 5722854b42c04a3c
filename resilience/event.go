// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"encoding/json"
	"time"
)

// Event tells what a policy has done. Declared clients publish it on the
// application context's bus. In JSON, its durations are texts such as "1.5s".
type Event struct {
	Kind    EventKind     `json:"kind"`
	At      time.Time     `json:"at"`
	Client  string        `json:"client"`            // "payment-client"
	Method  string        `json:"method,omitempty"`  // "Charge"; "" if it concerns the whole client
	Name    string        `json:"name,omitempty"`    // of the circuit breaker that changed: "payment-client/Charge"
	Attempt int           `json:"attempt,omitempty"` // that failed, or that begins
	From    CircuitState  `json:"from"`              // of a change of state
	To      CircuitState  `json:"to"`
	Delay   time.Duration `json:"delay,omitempty"`   // until the retry; how long the slow call took; the age of the stale answer
	Err     error         `json:"-"`                 // why
	TraceID string        `json:"traceId,omitempty"` // of the call, if it is traced and the policy knows the call
}

// MarshalJSON implements [json.Marshaler].
func (e Event) MarshalJSON() ([]byte, error) {
	type fields Event
	return json.Marshal(struct {
		fields
		Delay string `json:"delay,omitempty"`
	}{fields(e), textOf(e.Delay)})
}

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events.
const (
	EventStateChanged    EventKind = "state-changed"    // of a circuit breaker
	EventRejected        EventKind = "rejected"         // by circuit breaker, bulkhead, rate limit or adaptive limit
	EventRetryScheduled  EventKind = "retry-scheduled"  // after a failed attempt
	EventBudgetExhausted EventKind = "budget-exhausted" // so that there is no retry or hedge
	EventHedgeStarted    EventKind = "hedge-started"
	EventHedgeWon        EventKind = "hedge-won"
	EventSlowCall        EventKind = "slow-call"
	EventStaleAnswer     EventKind = "stale-answer" // given in place of a failure
)

// MarshalText makes a state a word in JSON.
func (s CircuitState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
