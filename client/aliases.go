// SPDX-License-Identifier: Apache-2.0

package client

import "github.com/pyfly-go/pyfly/resilience"

// What users of a client need of package resilience, in one import.
type (
	CircuitBreaker      = resilience.CircuitBreaker
	CircuitBreakerError = resilience.CircuitBreakerError
	CircuitState        = resilience.CircuitState
	RetryPolicy         = resilience.RetryPolicy
)

// The states of a circuit breaker.
const (
	StateClosed   = resilience.StateClosed
	StateOpen     = resilience.StateOpen
	StateHalfOpen = resilience.StateHalfOpen
)
