// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errUnavailable = errors.New("the warehouse is unavailable")
	errSoldOut     = errors.New("sold out")
)

// busyError contains the time to wait: it is a resilience.RetryAfterer.
type busyError struct{ wait time.Duration }

func (e busyError) Error() string             { return fmt.Sprintf("busy for %s", e.wait) }
func (e busyError) RetryAfter() time.Duration { return e.wait }

// warehouse simulates a remote service. It returns its errors in order and then
// accepts orders.
type warehouse struct {
	errs     []error
	attempts int
}

func (w *warehouse) order(context.Context) (string, error) {
	w.attempts++
	if w.attempts <= len(w.errs) {
		return "", w.errs[w.attempts-1]
	}
	return "A-17", nil
}
