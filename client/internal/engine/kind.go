// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// Rejection says which policy has refused a call, or "".
func Rejection(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, kernel.ErrCircuitOpen):
		return "circuit_open"
	case errors.Is(err, resilience.ErrBulkheadFull):
		return "bulkhead_full"
	case errors.Is(err, resilience.ErrRateLimitReached):
		return "rate_limit"
	}
	return ""
}

// Kind is a word for an error: the status, or what kind it is.
func Kind(err error) string {
	if err == nil {
		return "" // before o, which costs memory
	}
	var o *Outcome
	switch reason := Rejection(err); {
	case reason != "":
		return reason
	case errors.As(err, &o) && o.Status != 0 && o.Err == nil:
		return strconv.Itoa(o.Status)
	case errors.Is(err, balance.ErrNoInstances):
		return "no_instances"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, message.ErrDecode):
		return "decode"
	case errors.Is(err, port.ErrTooLarge):
		return "too_large"
	case errors.Is(err, port.ErrInvalidRequest):
		return "invalid_request"
	case errors.Is(err, port.ErrStopped):
		return "stopped"
	case errors.Is(err, ErrPanicked):
		return "panic"
	}
	return connectionKind(err)
}

// connectionKind is a word for an error of the network.
func connectionKind(err error) string {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &certificate), errors.As(err, &alert), errors.As(err, &record):
		return "tls"
	case errors.As(err, &name):
		return "dns"
	case port.IsNotSent(err):
		return "connection"
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection_lost"
	}
	return otherKind
}

// otherKind is what the semantic conventions call an error without a word of its
// own.
const otherKind = "_OTHER"
