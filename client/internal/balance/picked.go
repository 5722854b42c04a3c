// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// Result is how a request ended.
type Result uint8

const (
	// Ignored says nothing about the instance: the caller gave up.
	Ignored Result = iota
	// Success is a response that proves the instance healthy, whatever its status.
	Success
	// Failure is what a circuit breaker counts as one.
	Failure
)

// Outcome is what is known of a request to an instance.
type Outcome struct {
	Result Result
	// Latency is how long the response took. Zero means that it is not known.
	Latency time.Duration
	// At is when the result was known. The zero time means now.
	At time.Time
	// Reason says of a failure what it was: "503", "timeout". It is shown if the
	// instance is ejected for it.
	Reason string
}

// Picked is an instance that a request goes to. [Picked.Done] must be called once the
// request is over; calls of its methods after that have no effect. It must not be
// copied once a method has been called. It is safe for concurrent use.
type Picked struct {
	balancer  *Balancer
	member    *member
	instance  *discovery.Instance
	era       uint32
	isRetried bool
	state     uint32 // what has been done
}

const (
	isReported = 1 << iota
	isReleased
)

// Instance returns the instance. What it refers to must not be changed.
func (p *Picked) Instance() *discovery.Instance { return p.instance }

// mark reports whether the calling goroutine is the first to do a thing.
func (p *Picked) mark(what uint32) bool { return atomic.OrUint32(&p.state, what)&what == 0 }

// Report says how the request went, before it is over: a response whose body is read
// as a stream has proven its instance healthy when it begins. The first report counts.
//
// It reports whether the outcome says something about the service as a whole, and so
// whether the client's circuit breaker is to be told. A success does. A failure does
// unless another instance that is not failing has succeeded since this one's last
// success: then the instance is at fault, not the service.
func (p *Picked) Report(o Outcome) (isOfService bool) {
	if p.balancer == nil || !p.mark(isReported) {
		return false
	}
	return p.balancer.report(p, &o)
}

// Done says that the request is over, its response read and closed, and reports the
// outcome if [Picked.Report] has not. It returns what Report does.
func (p *Picked) Done(o Outcome) (isOfService bool) {
	if p.balancer == nil {
		return false
	}
	isOfService = p.Report(o)
	if p.mark(isReleased) && p.member.leave() {
		p.balancer.gone(p.member.address)
	}
	return isOfService
}
