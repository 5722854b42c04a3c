// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// The components of every application, named as in Spring Boot.
const (
	livenessState   = "livenessState"
	readinessState  = "readinessState"
	circuitBreakerC = "circuitBreakers"
)

// The groups for Kubernetes probes.
const (
	livenessGroup  = "liveness"
	readinessGroup = "readiness"
)

// severity orders the statuses; the lowest decides. Unknown does not affect the
// overall status unless all components are unknown.
var severity = map[lifecycle.HealthStatus]int{
	lifecycle.HealthDown:         0,
	lifecycle.HealthOutOfService: 1,
	lifecycle.HealthDegraded:     2,
	lifecycle.HealthUp:           3,
	lifecycle.HealthUnknown:      4,
}

// health determines the health of the application.
type health struct {
	app        *container.ApplicationContext
	settings   *Settings
	indicators *indicators
}

func newHealth(app *container.ApplicationContext, s *Settings, i *indicators) *health {
	return &health{app: app, settings: s, indicators: i}
}

// report is the response, in Spring Boot's form.
type report struct {
	Status     lifecycle.HealthStatus      `json:"status"`
	Groups     []string                    `json:"groups,omitempty"`
	Components map[string]lifecycle.Health `json:"components,omitempty"`
}

// of returns the report of components.
func of(components map[string]lifecycle.Health) report {
	r := report{Status: lifecycle.HealthUnknown, Components: components}
	for _, c := range components {
		if severity[c.Status] < severity[r.Status] {
			r.Status = c.Status
		}
	}
	return r
}

func (h *health) components(ctx context.Context) map[string]lifecycle.Health {
	components := h.indicators.ask(ctx, h.settings.Health.Timeout)
	components[circuitBreakerC] = h.breakers()
	components[livenessState] = lifecycle.Health{Status: lifecycle.HealthUp}
	components[readinessState] = h.readiness()
	return components
}

// readiness is out of service until the application is ready, and again once
// its shutdown has begun.
func (h *health) readiness() lifecycle.Health {
	select {
	case <-h.app.Ready():
		return lifecycle.Health{Status: lifecycle.HealthUp}
	default:
		return lifecycle.Health{Status: lifecycle.HealthOutOfService}
	}
}

// breakerHealth has the form of Resilience4j's health indicator.
type breakerHealth struct {
	Status  string         `json:"status"` // CIRCUIT_OPEN
	Details circuitBreaker `json:"details"`
}

// breakers summarizes the circuit breakers.
func (h *health) breakers() lifecycle.Health {
	sum := lifecycle.Health{Status: lifecycle.HealthUp, Details: map[string]any{}}
	for name, b := range client.CircuitBreakers(h.app) {
		details := circuitBreakerOf(b)
		status := "UP"
		switch details.snapshot.State {
		case resilience.StateOpen, resilience.StateForcedOpen, resilience.StateHalfOpen:
			status = "CIRCUIT_" + details.State
			sum.Status = h.settings.Health.breakerStatus()
		}
		sum.Details[name] = breakerHealth{status, details}
	}
	return sum
}

// group returns the report of a group: its built-in components and those that
// the settings add.
func (h *health) group(ctx context.Context, own lifecycle.Health, name string, added []string) report {
	members := map[string]lifecycle.Health{name: own}
	if len(added) > 0 {
		all := h.components(ctx)
		for _, member := range added {
			if component, ok := all[member]; ok {
				members[member] = component
			} else { // see checkGroups
				members[member] = lifecycle.Health{Status: lifecycle.HealthUnknown, Details: map[string]any{"error": "the component has not been built"}}
			}
		}
	}
	return of(members)
}

// serveHealth handles requests for the overall health, a group or a component.
// A caller that may not see details gets only the status, which needs no token,
// so that probes can read it.
func (e *endpoints) serveHealth(w http.ResponseWriter, r *http.Request) {
	maySeeDetails := e.maySeeDetails(r)
	if !maySeeDetails && !slices.Contains(e.settings.PublicEndpoints, "health") {
		e.guard.refuse(w)
		return
	}
	var answer report
	switch name := r.PathValue("component"); name {
	case "":
		answer = of(e.health.components(r.Context()))
		answer.Groups = []string{livenessGroup, readinessGroup}
	case livenessGroup:
		answer = e.health.group(r.Context(), lifecycle.Health{Status: lifecycle.HealthUp}, livenessState, e.settings.Health.Liveness)
	case readinessGroup:
		answer = e.health.group(r.Context(), e.health.readiness(), readinessState, e.settings.Health.Readiness)
	default:
		e.serveComponent(w, r, name, maySeeDetails)
		return
	}
	if !maySeeDetails {
		answer.Components = nil
	}
	writeHealth(w, answer.Status, answer)
}

func (e *endpoints) serveComponent(w http.ResponseWriter, r *http.Request, name string, maySeeDetails bool) {
	if !maySeeDetails {
		e.guard.refuse(w)
		return
	}
	components := e.health.components(r.Context())
	component, ok := components[name]
	if !ok {
		names := []string{livenessGroup, readinessGroup}
		for name := range components {
			names = append(names, name)
		}
		writeProblem(w, http.StatusNotFound, "there is no such component: the components are "+strings.Join(sorted(names), ", "))
		return
	}
	writeHealth(w, component.Status, component)
}

func (e *endpoints) maySeeDetails(r *http.Request) bool {
	switch e.settings.Health.ShowDetails {
	case showAlways:
		return true
	case showNever:
		return false
	}
	return e.guard.mayRead(r)
}

// writeHealth writes status 503 if the application should not receive requests.
func writeHealth(w http.ResponseWriter, s lifecycle.HealthStatus, answer any) {
	status := http.StatusOK
	if s == lifecycle.HealthDown || s == lifecycle.HealthOutOfService {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, "application/json", answer)
}
