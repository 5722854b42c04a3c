// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// member is what is known of one instance. It is kept by address, and lives on while
// the set changes. What picks and results write is in one cache line.
type member struct {
	calls       atomic.Uint64 // how many have begun, and below, how many are in flight
	latency     latency
	health      health
	lastSuccess atomic.Int64 // of the balancer's clock; 0: none yet
	left        atomic.Bool  // the set
	_           [20]byte

	address string

	// What follows is guarded by the balancer.
	ejection ejection
	leftAt   time.Duration
	update   int    // the last one that had it
	counted  uint64 // total when the usable instances last changed
	_        [40]byte
}

// inFlightBits leave 40 for the number of calls.
const (
	inFlightBits = 24
	inFlightMask = 1<<inFlightBits - 1
	oneCall      = 1<<inFlightBits + 1
)

func (m *member) inFlight() int64 { return int64(m.calls.Load() & inFlightMask) }
func (m *member) total() uint64   { return m.calls.Load() >> inFlightBits }

// enter counts a call that begins.
func (m *member) enter() { m.calls.Add(oneCall) }

// leave counts a call that ends. It reports whether it was the last of a member that
// has left the set.
func (m *member) leave() (wasLast bool) {
	return m.calls.Add(^uint64(0))&inFlightMask == 0 && m.left.Load()
}

// entry is a member as a set knows it.
type entry struct {
	*member
	instance *discovery.Instance
	weight   float64
}
