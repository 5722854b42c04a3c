// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"net/http"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/resilience"
)

// Operation is a declared method as the engine runs it: everything about it that
// is the same for every call. It is not changed once the engine has it.
type Operation struct {
	Index  int    // among the client's
	Client string // "inventory-client"
	Method string // "GetProduct"
	Verb   string // "GET"

	// IsRepeatable says that a second execution does no harm: the verb is
	// idempotent by RFC 9110, section 9.2.2, or the declaration says so.
	IsRepeatable bool
	// SendsKey says that all attempts of a call carry one Idempotency-Key.
	SendsKey bool
	Accept   []string    // the values of the header Accept; shared by all requests
	Header   http.Header // sent unless the message has the same names

	Timeout         time.Duration           // of one attempt, body included; 0: none
	MaxResponseSize int64                   // decoded bytes, of a stream those of one element; 0: no limit
	Streams         bool                    // the response is not read whole
	Discards        bool                    // the method returns only an error: nobody wants the body
	IdleTimeout     time.Duration           // of a stream; 0: none
	Retry           *resilience.RetryPolicy // nil: one attempt
	RetryStatuses   []int                   // tried again beside those of a service that failed
	RetryIf         func(error) bool        // further errors that are, as described; nil: none
	AttemptHeader   bool                    // of a repeated attempt is sent

	Held         resilience.Policy                               // the bulkhead that a stream holds until it is closed; nil: none
	Guard        resilience.Policy                               // bulkhead, unless it is held, and limits; nil: none
	TotalTimeout time.Duration                                   // of all attempts; 0: none
	Hedge        *resilience.Hedge                               // nil: none
	Stale        *resilience.LastGood[string, *message.Response] // nil: no old responses
	Breaker      *resilience.CircuitBreaker                      // nil: none
	BreakerOf    func(host string) *resilience.CircuitBreaker    // instead of Breaker; nil: none

	Observer Observer // nil: no telemetry
}

// MayRepeat is the retry policy's condition: the service failed, and trying again
// cannot do the work twice.
func (op *Operation) MayRepeat(err error) bool {
	o, ok := err.(*Outcome)
	if !ok || o.IsFinal {
		return false
	}
	if !o.ServiceFailed {
		return op.IsRepeatable && (slices.Contains(op.RetryStatuses, o.Status) || op.RetryIf != nil && op.RetryIf(o.Described))
	}
	return op.IsRepeatable || o.Acted == NotActed
}

// IsDefinite is the hedge's condition: the service has answered, and another
// attempt would bring no better response.
func (op *Operation) IsDefinite(err error) bool {
	o, ok := err.(*Outcome)
	return ok && !o.ServiceFailed && !op.MayRepeat(err)
}
