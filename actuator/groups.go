// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// checkGroups returns an error for each unknown component of a group. Without
// this check, such a probe would always succeed.
func (h *health) checkGroups() error {
	return errors.Join(
		h.checkGroup(livenessGroup, h.settings.Health.Liveness),
		h.checkGroup(readinessGroup, h.settings.Health.Readiness),
	)
}

func (h *health) checkGroup(group string, members []string) error {
	known := h.known()
	var errs []error
	for _, member := range members {
		if slices.Contains(known, member) {
			continue
		}
		key, want := prefix+".health."+group, "write one or more of "+strings.Join(known, ", ")
		if nearest := naming.Nearest(member, known); nearest != "" {
			want = fmt.Sprintf("did you mean %s? There are %s", nearest, strings.Join(known, ", "))
		}
		errs = append(errs, &config.Error{
			Origin: h.app.Config().Origin(key), Key: key, Value: member, Want: want,
			Message: fmt.Sprintf("there is no health component %q", member),
		})
	}
	return errors.Join(errs...)
}

// known returns the components, including those whose beans are created later.
func (h *health) known() []string {
	names := append([]string{circuitBreakerC, livenessState, readinessState}, h.indicators.names()...)
	for _, b := range h.app.Beans() {
		if b.Scope != "singleton" { // it is not yet known whether it is an indicator
			names = append(names, componentName(b.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
