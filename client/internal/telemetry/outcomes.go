// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Other is the value that the semantic conventions define for all other cases.
const Other = "_OTHER"

// Outcome describes how an attempt or a call ended, with few distinct values.
type Outcome struct {
	Status  int    // of the response; 0 without a response, or for a call
	Kind    string // of the error; "" if none
	Version string // of the protocol; "" if not known
}

func (o Outcome) attributes() []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 3)
	if o.Status != 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", o.Status))
	}
	if o.Kind != "" {
		attributes = append(attributes, attribute.String("error.type", o.Kind))
	}
	if o.Version != "" {
		attributes = append(attributes, attribute.String("network.protocol.version", o.Version))
	}
	return attributes
}

// outcomes cache the options of measurements, so that a call does not allocate
// them.
type outcomes struct {
	common []attribute.KeyValue
	first  atomic.Pointer[measured] // the first without an error
	mu     sync.RWMutex
	all    map[Outcome]*measured
}

type measured struct {
	Outcome
	options []metric.RecordOption
}

// maxOutcomes is the maximum number of cached outcomes. A healthy service has
// fewer.
const maxOutcomes = 200

// options returns the options of a measurement.
func (o *outcomes) options(of Outcome) []metric.RecordOption {
	if first := o.first.Load(); first != nil && first.Outcome == of {
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

func (o *outcomes) add(of Outcome) *measured {
	set := attribute.NewSet(append(slices.Clone(o.common), of.attributes()...)...)
	m := &measured{of, []metric.RecordOption{metric.WithAttributeSet(set)}}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[Outcome]*measured{}
	}
	if len(o.all) < maxOutcomes {
		o.all[of] = m
	}
	if of.Kind == "" {
		o.first.CompareAndSwap(nil, m)
	}
	return m
}

// Version returns an HTTP version as the semantic conventions write it, or ""
// if it is not known.
func Version(major, minor int) string {
	switch {
	case major == 1 && minor == 0:
		return "1.0"
	case major == 1 && minor == 1:
		return "1.1"
	case major == 2 && minor == 0:
		return "2"
	case major == 3 && minor == 0:
		return "3"
	}
	return ""
}
