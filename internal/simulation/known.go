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
	"memory-grows-with-reloads":            "an engine that a reload replaces is kept, with its counters",
	"of-another-tenant":                    "a stale response is given to a caller for whom an interceptor would have asked for another",
	"panic in client.(*streamedBody).open": "a CallInterceptor that runs a call twice whose body cannot be read again panics",
	"secret-of-a-path-shown":               "a path argument whose name says that it is a secret is shown in errors, events and logs",
	"removed-policy-lives":                 "a policy that a reload removes is still shown in the statistics",
}
