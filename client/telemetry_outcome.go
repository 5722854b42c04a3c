// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// other is what the semantic conventions call what has no word of its own.
const other = "_OTHER"

// outcome is how an attempt or a call has ended, in words of which there are few.
type outcome struct {
	status  int    // of the answer; 0: none, or a call
	kind    string // of the error; "": none
	version string // of the protocol; "": not known
}

func (o outcome) attributes() []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 3)
	if o.status != 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", o.status))
	}
	if o.kind != "" {
		attributes = append(attributes, attribute.String("error.type", o.kind))
	}
	if o.version != "" {
		attributes = append(attributes, attribute.String("network.protocol.version", o.version))
	}
	return attributes
}

// outcomes keep the options of measurements, so that a call makes none.
type outcomes struct {
	common []attribute.KeyValue
	first  atomic.Pointer[measured] // that was no error
	mu     sync.RWMutex
	all    map[outcome]*measured
}

type measured struct {
	outcome
	options []metric.RecordOption
}

// maxOutcomes is how many are kept: more than a service has that is sane.
const maxOutcomes = 200

// options are those of a measurement.
func (o *outcomes) options(of outcome) []metric.RecordOption {
	if first := o.first.Load(); first != nil && first.outcome == of {
		return first.options
	}
	o.mu.RLock()
	m := o.all[of]
	o.mu.RUnlock()
	if m == nil {
		m = o.add(of)
	}
	return m.options
}

func (o *outcomes) add(of outcome) *measured {
	set := attribute.NewSet(append(slices.Clone(o.common), of.attributes()...)...)
	m := &measured{of, []metric.RecordOption{metric.WithAttributeSet(set)}}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[outcome]*measured{}
	}
	if len(o.all) < maxOutcomes {
		o.all[of] = m
	}
	if of.kind == "" {
		o.first.CompareAndSwap(nil, m)
	}
	return m
}

// outcomeOf is how an attempt ended. A response that could not be decoded is one
// all the same.
func outcomeOf(r engine.Result) outcome {
	o := outcome{status: r.Status, version: versionOf(r.ProtoMajor, r.ProtoMinor).String()}
	if failed, ok := r.Err.(*engine.Outcome); ok && (failed.Err == nil && failed.Status < 400 || errors.Is(failed.Err, ErrDecode)) {
		return o
	}
	o.kind = errorKind(r.Err)
	return o
}

// protocolVersion is that of an answer, times ten; 0: not known.
type protocolVersion uint8

func versionOf(major, minor int) protocolVersion {
	switch v := major*10 + minor; v {
	case 10, 11, 20, 30:
		return protocolVersion(v)
	}
	return 0
}

// String is how the semantic conventions write it.
func (v protocolVersion) String() string {
	switch v {
	case 10:
		return "1.0"
	case 11:
		return "1.1"
	case 20:
		return "2"
	case 30:
		return "3"
	}
	return ""
}

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
	return other
}
