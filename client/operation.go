// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// operation is a method as the engine runs it: everything about it that is the
// same for every call. It knows nothing of Go types, so that whatever turns
// arguments into messages can drive the engine.
type operation struct {
	index  int    // among the client's
	client string // "inventory-client"
	method string // "GetProduct"
	verb   string // "GET"

	template  string    // of the path, for telemetry
	hidesPath bool      // an argument in the path is a secret by its name
	observed  *observed // nil: no telemetry

	// repeatable says that a second execution does no harm: the verb is
	// idempotent by RFC 9110, section 9.2.2, or the declaration says so.
	repeatable bool
	// sendsKey says that all attempts of a call carry one Idempotency-Key.
	sendsKey bool
	accept   []string    // the values of the header Accept; shared by all requests
	header   http.Header // sent unless the message has the same names

	timeout         time.Duration           // of one attempt, body included; 0: none
	maxResponseSize int64                   // decoded bytes, of a stream those of one element; 0: no limit
	coding          ContentCoding           // of the body; nil: none
	streams         bool                    // the answer is not read whole
	discards        bool                    // the method returns only an error: nobody wants the body
	idleTimeout     time.Duration           // of a stream; 0: none
	retry           *resilience.RetryPolicy // nil: one attempt
	retryStatuses   []int                   // tried again beside those of a service that failed
	retryIf         func(*Error) bool       // further errors that are; nil: none
	attemptHeader   bool                    // of a repeated attempt is sent

	held         resilience.Policy                            // the bulkhead that a stream holds until it is closed; nil: none
	guard        resilience.Policy                            // bulkhead, unless it is held, and limits; nil: none
	totalTimeout time.Duration                                // of all attempts; 0: none
	hedge        *resilience.Hedge                            // nil: none
	stale        *resilience.LastGood[string, *keptAnswer]    // nil: no old answers
	breaker      *resilience.CircuitBreaker                   // nil: none
	breakerOf    func(host string) *resilience.CircuitBreaker // instead of breaker; nil: none
}

// message is what one call sends.
type message struct {
	path        string // escaped
	query       string // escaped, without the question mark
	header      http.Header
	body        []byte
	hasBody     bool
	contentType string
	streamed    *streamedBody // instead of body
	link        URL           // instead of path and query; "": none
	elsewhere   *url.URL      // an allowed host to which the link leads; nil: the client's own

	isComplete bool // header holds the declared ones too, as far as a CallInterceptor has left them

	timeout time.Duration // of one attempt, instead of the operation's; 0: that one; less: none
	noRetry bool
}

// owned returns a copy that shares nothing with the caller of the method, who may
// change what he has passed as soon as the call has ended.
func (m *message) owned() *message {
	copied := *m
	copied.header, copied.body = m.header.Clone(), bytes.Clone(m.body)
	return &copied
}

// isEmpty reports whether there is a body of no bytes.
func (m *message) isEmpty() bool {
	if m.streamed != nil {
		return m.streamed.size == 0
	}
	return len(m.body) == 0
}

// base is where the message goes: to the client's service as a rule.
func (m *message) base(own *url.URL) *url.URL {
	if m.elsewhere != nil {
		return m.elsewhere
	}
	return own
}

// answer is what came back with a status of 2xx, read whole. The body is only
// valid until the sink returns.
type answer struct {
	status int
	header http.Header
	body   []byte

	isCut      bool     // the body may not be whole: nobody wants it
	redirected *url.URL // where a redirect has led to; nil: there was none
	location   *url.URL // that has responded; nil: nobody asks for it
}

// sink takes an answer into whatever the caller wants of it. Its error is an
// ErrDecode.
type sink interface{ take(*answer) error }

// mayRepeat is the retry policy's condition: the service failed, and trying
// again cannot do the work twice.
func (op *operation) mayRepeat(err error) bool {
	e, ok := err.(*Error)
	if !ok || e.isFinal {
		return false
	}
	if !e.serviceFailed {
		return op.repeatable && (slices.Contains(op.retryStatuses, e.Status) || op.retryIf != nil && op.retryIf(e))
	}
	return op.repeatable || e.unacted
}

// isDefinite is the hedge's condition: the service has answered, and another
// attempt would bring no better answer.
func (op *operation) isDefinite(err error) bool {
	e, ok := err.(*Error)
	return ok && !e.serviceFailed && !op.mayRepeat(err)
}
