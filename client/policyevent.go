// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// PolicyEvent tells what a policy of a client has done. It is published on the
// application context's bus (see lifecycle.Subscribe). In JSON, its durations are texts such as "1.5s".
type PolicyEvent struct {
	Kind    PolicyEventKind         `json:"kind"`
	At      time.Time               `json:"at"`
	Client  string                  `json:"client"`            // "payment-client"
	Method  string                  `json:"method,omitempty"`  // "Charge"; "" if it concerns the whole client
	Name    string                  `json:"name,omitempty"`    // of the circuit breaker that changed: "payment-client/Charge"
	Attempt int                     `json:"attempt,omitempty"` // that failed, or that begins
	From    resilience.CircuitState `json:"from"`              // of a change of state
	To      resilience.CircuitState `json:"to"`
	Delay   time.Duration           `json:"delay,omitempty"`   // until the retry; how long the slow call took; the age of the stale answer
	Err     error                   `json:"-"`                 // why
	TraceID string                  `json:"traceId,omitempty"` // of the call, if it is traced and the policy knows the call
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
	EventBudgetExhausted PolicyEventKind = "budget-exhausted" // so that there is no retry or hedge
	EventHedgeStarted    PolicyEventKind = "hedge-started"
	EventHedgeWon        PolicyEventKind = "hedge-won"
	EventSlowCall        PolicyEventKind = "slow-call"
	EventStaleAnswer     PolicyEventKind = "stale-answer" // given in place of a failure
)
