// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// keptFor is how long an instance that has left is remembered: a name server may show
// ever other parts of a large set.
const keptFor = 5 * time.Minute

// update sets the instances and returns the addresses of those that have left and
// have no requests in flight.
func (b *Balancer) update(instances []discovery.Instance) (gone []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.updates++
	present := make([]entry, 0, len(instances))
	for _, instance := range instances {
		if m := b.member(instance.Address); m.update != b.updates {
			m.update = b.updates
			m.left.Store(false)
			present = append(present, entry{member: m, instance: &instance, weight: float64(max(instance.Weight, 1))})
		}
	}
	for _, e := range b.present {
		if m := e.member; m.update != b.updates {
			m.leftAt = now
			m.left.Store(true)
			if m.inFlight() == 0 {
				gone = append(gone, m.address)
			}
		}
	}
	b.present = present
	b.forget(now)
	isFirst := b.current.Load() == nil
	b.makeSet(now)
	if isFirst {
		close(b.ready)
	}
	return gone
}

func (b *Balancer) member(address string) *member {
	m := b.members[address]
	if m == nil {
		m = &member{address: address}
		b.members[address] = m
	}
	return m
}

// forget drops instances that have left and have no requests in flight: those that
// left long ago, and all if there are more of them than of others.
func (b *Balancer) forget(now time.Duration) {
	const some = 100
	areMany := len(b.members) > 2*len(b.present)+some
	for address, m := range b.members {
		if m.left.Load() && m.inFlight() == 0 && (areMany || now-m.leftAt >= keptFor) {
			delete(b.members, address)
		}
	}
}
