// SPDX-License-Identifier: Apache-2.0

package lifecycle

import "context"

// HealthIndicator is a bean that knows how it is. The module actuator asks all of
// them, side by side.
type HealthIndicator interface {
	// Health returns soon, at the latest when ctx is done. It must be safe for
	// concurrent use.
	Health(ctx context.Context) Health
}

// Health is how a component is.
type Health struct {
	Status  HealthStatus   `json:"status"`
	Details map[string]any `json:"details,omitempty"` // shown to operators: no secrets
}

// HealthStatus is a word for a [Health].
type HealthStatus string

// The statuses, the worst first. Those that are not known count as
// HealthUnknown.
const (
	HealthDown         HealthStatus = "DOWN"
	HealthOutOfService HealthStatus = "OUT_OF_SERVICE"
	HealthDegraded     HealthStatus = "DEGRADED" // works, but not as it should
	HealthUp           HealthStatus = "UP"
	HealthUnknown      HealthStatus = "UNKNOWN"
)
