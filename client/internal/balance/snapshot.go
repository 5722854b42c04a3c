// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// State is that of an instance.
type State string

const (
	// Up is an instance in use.
	Up State = "up"
	// Ejected is an instance that has failed and is not in use.
	Ejected State = "ejected"
	// Failing is an instance that has failed and is in use because too many have.
	Failing State = "failing"
	// Left is an instance that is no longer in the set and has requests in flight.
	Left State = "left"
)

// Snapshot is what is known of the instances of a service at a moment.
type Snapshot struct {
	Service   string
	Policy    string
	Instances []InstanceInfo // in the order of the set, then those that have left
}

// InstanceInfo is what is known of one instance.
type InstanceInfo struct {
	Instance discovery.Instance
	State    State
	// InFlight is how many requests are in flight.
	InFlight int
	// Picks is how many requests have gone to it. It begins anew if the instance is
	// away for more than 5 minutes.
	Picks uint64
	// Share is its part of all requests since the usable instances last changed.
	Share float64
	// Latency is a moving average that follows peaks. Zero means that it is not
	// known.
	Latency time.Duration
	// Since is when it was ejected, or began to fail, Until when that ends, and
	// Reason what its last failure was. They are zero if it is up.
	Since, Until time.Time
	Reason       string
}

// Snapshot returns what is known of the instances, for people and metrics. The
// figures are not of one moment if requests go on.
func (b *Balancer) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Snapshot{Service: *b.service.Load(), Policy: b.loadBalancing.Policy}
	current := b.current.Load()
	if current == nil {
		return s
	}
	if now := b.now(); now >= current.returnsAt {
		current = b.makeSet(now)
	}
	areEjected := len(current.entries) < len(b.present)
	var all float64
	for _, e := range b.present {
		info := b.info(e.member, *e.instance, areEjected)
		info.Share = float64(info.Picks - e.counted)
		all += info.Share
		s.Instances = append(s.Instances, info)
	}
	for i := range s.Instances {
		s.Instances[i].Share /= max(all, 1)
	}
	s.Instances = append(s.Instances, b.leftBehind()...)
	return s
}

// leftBehind describes the instances that have left and have requests in flight.
func (b *Balancer) leftBehind() (infos []InstanceInfo) {
	for _, m := range b.members {
		if m.left.Load() && m.inFlight() > 0 {
			info := b.info(m, discovery.Instance{Address: m.address}, false)
			info.State = Left
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b InstanceInfo) int { return strings.Compare(a.Instance.Address, b.Instance.Address) })
	return infos
}

func (b *Balancer) info(m *member, instance discovery.Instance, areEjected bool) InstanceInfo {
	info := InstanceInfo{
		Instance: instance, State: Up,
		InFlight: int(m.inFlight()), Picks: m.total(), Latency: time.Duration(m.latency.average.Load()),
	}
	if m.health.isFailing() {
		info.State = Failing
		if areEjected {
			info.State = Ejected
		}
		info.Since, info.Until, info.Reason = b.epoch.Add(m.ejection.since), b.epoch.Add(m.ejection.until), m.ejection.reason
	}
	return info
}
