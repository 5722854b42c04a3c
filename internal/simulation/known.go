// SPDX-License-Identifier: Apache-2.0

package simulation

// known are the kinds of findings that are not fixed yet, with what they are. They
// do not fail a run. A kind leaves this list with the change that fixes it.
var known = map[string]string{
	"definite-response-waits":    "a response that ends a call waits for the other legs of the hedge",
	"circuit-locked-by-a-reload": "half-open-probes that are lowered while probes are under way lock the circuit",
	"of-another-tenant":          "a stale response is given to a caller for whom an interceptor would have asked for another",
	"secret-of-a-path-shown":     "a path argument whose name says that it is a secret is shown in errors, events and logs",
	"removed-policy-lives":       "a policy that a reload removes is still shown in the statistics",
}
