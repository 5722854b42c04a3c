// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// PolicyEvent tells what a policy of a client has done. It is published on the
// application context's bus (see lifecycle.Subscribe). In JSON, durations are strings such as "1.5s".
type PolicyEvent struct {
	Kind    PolicyEventKind         `json:"kind"`
	At      time.Time               `json:"at"`
	Client  string                  `json:"client"`            // the client, "payment-client"
	Method  string                  `json:"method,omitempty"`  // the method, "Charge"; "" if the event concerns the whole client
	Name    string                  `json:"name,omitempty"`    // the circuit breaker that changed state, "payment-client/Charge"
	Attempt int                     `json:"attempt,omitempty"` // the attempt that failed, or that begins
	From    resilience.CircuitState `json:"from"`              // the state before a change
	To      resilience.CircuitState `json:"to"`
	Delay   time.Duration           `json:"delay,omitempty"`   // the delay of a retry or hedge, the duration of a slow call, or the age of an old response
	Err     error                   `json:"-"`                 // the cause
	TraceID string                  `json:"traceId,omitempty"` // of the call, if it is traced and known
}

// MarshalJSON implements [json.Marshaler].
func (e PolicyEvent) MarshalJSON() ([]byte, error) {
	type fields PolicyEvent
	delay := ""
	if e.Delay != 0 {
		delay = e.Delay.String()
	}
	return json.Marshal(struct {
		fields
		Delay string `json:"delay,omitempty"`
	}{fields(e), delay})
}

// PolicyEventKind says what an [PolicyEvent] is about.
type PolicyEventKind string

// The kinds of events.
const (
	EventStateChanged    PolicyEventKind = "state-changed"    // of a circuit breaker
	EventRejected        PolicyEventKind = "rejected"         // by circuit breaker, bulkhead, rate limit or adaptive limit
	EventRetryScheduled  PolicyEventKind = "retry-scheduled"  // after a failed attempt
	EventBudgetExhausted PolicyEventKind = "budget-exhausted" // a retry or hedge did not begin
	EventHedgeStarted    PolicyEventKind = "hedge-started"
	EventHedgeWon        PolicyEventKind = "hedge-won"
	EventSlowCall        PolicyEventKind = "slow-call"
	EventStaleAnswer     PolicyEventKind = "stale-answer" // an old response replaced an error
)
