// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"container/list"
	"iter"

	"github.com/pyfly-go/pyfly/resilience"
)

// maxHosts is the maximum number of hosts of a client that have a circuit
// breaker. The most recently used ones are kept.
const maxHosts = 1000

// hostBreakers are the circuit breakers of hosts. The zero value has none. Its owner
// guards it.
type hostBreakers struct {
	byName map[string]*list.Element // of hostBreaker
	recent list.List                // the one used last in front
}

type hostBreaker struct {
	host    string
	breaker *resilience.CircuitBreaker
}

// get returns the circuit breaker of a host, or nil.
func (h *hostBreakers) get(host string) *resilience.CircuitBreaker {
	e := h.byName[host]
	if e == nil {
		return nil
	}
	h.recent.MoveToFront(e)
	return e.Value.(hostBreaker).breaker
}

// add adds the circuit breaker of a host. If there are too many, the one that was
// used least recently is forgotten: calls that are under way keep it.
func (h *hostBreakers) add(host string, b *resilience.CircuitBreaker) {
	if h.byName == nil {
		h.byName = map[string]*list.Element{}
	}
	h.byName[host] = h.recent.PushFront(hostBreaker{host, b})
	if h.recent.Len() > maxHosts {
		oldest := h.recent.Remove(h.recent.Back()).(hostBreaker)
		delete(h.byName, oldest.host)
	}
}

func (h *hostBreakers) all() iter.Seq[*resilience.CircuitBreaker] {
	return func(yield func(*resilience.CircuitBreaker) bool) {
		for e := h.recent.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(hostBreaker).breaker) {
				return
			}
		}
	}
}

func (h *hostBreakers) clear() { *h = hostBreakers{} }

// Hosts returns a function that returns the circuit breaker of a host. Existing
// ones are reconfigured with the given configuration. At most 1,000 hosts have
// a circuit breaker: the most recently used ones.
func (ps *Policies) Hosts(config resilience.CircuitBreakerConfig) func(host string) *resilience.CircuitBreaker {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.use(hostsKind, "")
	for b := range ps.ofHosts.all() {
		config.Name = b.Name()
		_ = b.Reconfigure(config) // the configuration is valid
	}
	return func(host string) *resilience.CircuitBreaker {
		ps.mu.Lock()
		defer ps.mu.Unlock()
		if b := ps.ofHosts.get(host); b != nil {
			return b
		}
		own := config
		own.Name = ps.breakerName(host)
		b := resilience.NewCircuitBreaker(own)
		ps.ofHosts.add(host, b)
		return b
	}
}
