// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"errors"
	"fmt"
)

// ErrNoInstances says that a service has no instances.
var ErrNoInstances = errors.New("no instances")

// NoInstancesError is the error of a pick from no instances. It is [ErrNoInstances],
// and its causes.
type NoInstancesError struct {
	Service string
	// Waited is context.DeadlineExceeded if the resolver has not answered in time,
	// and nil if its answer was an empty set.
	Waited error
	// Cause is what the resolver failed with last. It may be nil.
	Cause error
}

// Error implements error.
func (e *NoInstancesError) Error() string {
	why := "its resolver knows none"
	if e.Waited != nil {
		why = "its resolver has not answered in time"
	}
	text := fmt.Sprintf("%v of the service %q: %s", ErrNoInstances, e.Service, why)
	if e.Cause != nil {
		text += ": " + shortened(e.Cause.Error())
	}
	return text
}

// Unwrap returns ErrNoInstances and the causes.
func (e *NoInstancesError) Unwrap() []error {
	errs := []error{ErrNoInstances}
	for _, cause := range []error{e.Waited, e.Cause} {
		if cause != nil {
			errs = append(errs, cause)
		}
	}
	return errs
}

func (b *Balancer) noInstances(waited error) error {
	e := &NoInstancesError{Service: *b.service.Load(), Waited: waited}
	if b.cause != nil {
		e.Cause = b.cause()
	}
	return e
}
