// SPDX-License-Identifier: Apache-2.0

package simulation

// known are the kinds of findings that are not fixed yet, with what they are. They
// do not fail a run. A kind leaves this list with the change that fixes it.
var known = map[string]string{
	"blocked-body-holds-a-call":            "a body whose reader blocks holds the call beyond its limits, and the stop of the client",
	"broken-streams-not-counted":           "a stream that breaks after its headers is not counted as a failure",
	"bulkhead-exceeded-by-streams":         "a stream leaves its place in the bulkhead when its headers are there",
	"call-outlasts-stop":                   "the delay before a retry, or a reconnection, goes on after the client has stopped",
	"callers-fault-counted":                "a body that the caller's reader breaks off, and a cancellation, count as a failure of the service",
	"cut-is-a-decode-error":                "a connection that breaks inside a sequence is taken for JSON that is wrong",
	"definite-response-waits":              "a response that ends a call waits for the other legs of the hedge",
	"does-not-recover":                     "half-open-probes that are lowered while probes are under way lock the circuit",
	"empty-body-is-chunked":                "an empty body is sent chunked, without Content-Length 0",
	"event-held-back":                      "an event whose lines end with CR is held back until the next byte",
	"header-cannot-be-removed":             "a declared header that a CallInterceptor removes is sent all the same",
	"of-another-tenant":                    "a stale response is given to a caller for whom an interceptor would have asked for another",
	"panic in client.(*streamedBody).open": "a CallInterceptor that runs a call twice whose body cannot be read again panics",
	"probe-lost":                           "half-open-probes that are lowered while probes are under way lock the circuit",
	"reconnects-without-pause":             "retry: 0 of a server makes a stream of events begin again at once, as often as it ends",
	"removed-policy-lives":                 "a policy that a reload removes is still shown in the statistics",
	"slow-reader-loses-its-stream":         "stream-idle-timeout counts the time in which the caller works",
	"unread-body-too-large":                "a method that returns only an error fails on a large body",
}
