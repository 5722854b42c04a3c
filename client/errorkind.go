// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/telemetry"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// rejection says which policy has refused a call, or "".
func rejection(err error) string {
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

// errorKind is a word for an error: the status, or what kind it is.
func errorKind(err error) string {
	var o *engine.Outcome
	switch reason := rejection(err); {
	case err == nil:
		return ""
	case reason != "":
		return reason
	case errors.As(err, &o) && o.Status != 0 && o.Err == nil:
		return strconv.Itoa(o.Status)
	case errors.Is(err, ErrNoInstances):
		return "no_instances"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, ErrDecode):
		return "decode"
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	case errors.Is(err, ErrInvalidRequest):
		return "invalid_request"
	case errors.Is(err, ErrStopped):
		return "stopped"
	case errors.Is(err, engine.ErrPanicked):
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
	return telemetry.Other
}

// outcomeOf is how an attempt ended. A response that could not be decoded is one
// all the same.
func outcomeOf(r engine.Result) telemetry.Outcome {
	o := telemetry.Outcome{Status: r.Status, Version: telemetry.Version(r.ProtoMajor, r.ProtoMinor)}
	if failed, ok := r.Err.(*engine.Outcome); ok && (failed.Err == nil && failed.Status < 400 || errors.Is(failed.Err, ErrDecode)) {
		return o
	}
	o.Kind = errorKind(r.Err)
	return o
}
