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

// busyError says how long to wait: it is a resilience.RetryAfterer.
type busyError struct{ wait time.Duration }

func (e busyError) Error() string             { return fmt.Sprintf("busy for %s", e.wait) }
func (e busyError) RetryAfter() time.Duration { return e.wait }

// warehouse stands for a service on the other side of a network. It answers
// with its errors, one after the other, and then takes orders.
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
