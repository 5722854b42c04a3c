// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// The errors of a port that are not failures of the service. They are neither
// retried nor counted by the circuit breaker. Compare them with [errors.Is].
var (
	ErrTooLarge       = errors.New("the response is too large")   // more than MaxResponseSize
	ErrStopped        = errors.New("the client has been stopped") // the request was sent after Stop, or cancelled by it
	ErrInvalidRequest = errors.New("the request cannot be sent")  // rejected before any byte was sent
)

// IsNotSent reports whether err, returned by a port's Request, proves that the
// request was not sent because no connection was established. This holds if the
// first *net.OpError in its chain has the Op "dial", or the Op "proxyconnect"
// around such an error, or if the chain has no *net.OpError but a
// *net.DNSError. Only then may a POST be sent again. An error after a followed
// redirect proves nothing; its *net.OpError has the Op "redirect".
func IsNotSent(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) {
		return errors.As(err, new(*net.DNSError))
	}
	switch op.Op {
	case "dial":
		return true
	case "proxyconnect":
		return IsNotSent(op.Err)
	}
	return false
}

// TimeoutError is the error of a request that took longer than a setting allows.
// It wraps [context.DeadlineExceeded].
type TimeoutError struct {
	setting string
	limit   time.Duration
}

// NewTimeoutError returns the error of a request that took longer than limit, the
// value of the named setting, such as "timeout".
func NewTimeoutError(setting string, limit time.Duration) *TimeoutError {
	return &TimeoutError{setting, limit}
}

// Error names the setting and its value.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no response within the %s of %s", e.setting, e.limit)
}

// Unwrap returns [context.DeadlineExceeded].
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// Timeout returns true, as in [net.Error].
func (e *TimeoutError) Timeout() bool { return true }
