// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
)

// InstancesConfig says where the instances of a service are known, and how one is
// chosen.
type InstancesConfig struct {
	Target watcher.Target
	// Identity tells the targets of different settings apart.
	Identity         string
	EmptyGrace       time.Duration
	LoadBalancing    balance.LoadBalancingConfig
	OutlierDetection balance.OutlierDetectionConfig
}

// Instances are those of a client's service. They live as long as settings ask for
// discovery, and what is known of each stays when the settings change. They are safe
// for concurrent use.
type Instances struct {
	*balance.Balancer

	mu      sync.Mutex
	current *source // nil: none has answered yet
	next    *source // that has not answered; nil: none
	closed  bool
}

// source is a subscription to what settings of one time say.
type source struct {
	identity     string
	service      string
	emptyGrace   time.Duration
	subscription *watcher.Subscription
	isDoubted    bool // its first answer is an empty set
}

// NewInstances makes the instances of a client, of which nothing is known before
// [Instances.Configure]. gone is told of the address of an instance that has left and
// has no more requests in flight.
func NewInstances(c InstancesConfig, gone func(address string)) (*Instances, error) {
	is := &Instances{}
	var err error
	is.Balancer, err = balance.New(balance.Config{
		Service: c.Target.Service, LoadBalancing: c.LoadBalancing, OutlierDetection: c.OutlierDetection,
		Cause: is.failure, Gone: gone,
	})
	return is, err
}

// Configure applies settings. If they name another target than before, the set that
// is known serves until that has answered.
func (is *Instances) Configure(group *watcher.Group, c InstancesConfig) error {
	if err := is.Reconfigure(c.LoadBalancing, c.OutlierDetection); err != nil {
		return err
	}
	for _, old := range is.subscribe(group, c) {
		old.subscription.Close()
	}
	return nil
}

// subscribe returns the sources that are no longer wanted. Nobody closes one while
// holding the lock: it may be waiting for it.
func (is *Instances) subscribe(group *watcher.Group, c InstancesConfig) (superseded []*source) {
	is.mu.Lock()
	defer is.mu.Unlock()
	if is.closed {
		return nil
	}
	for _, s := range []*source{is.current, is.next} {
		if s != nil {
			s.subscription.SetEmptyGrace(c.EmptyGrace)
		}
	}
	if last := is.last(); last != nil && last.identity == c.Identity {
		return nil
	}
	if is.next != nil {
		superseded = append(superseded, is.next)
		is.next = nil
	}
	if is.current != nil && is.current.identity == c.Identity { // back to what serves
		return superseded
	}
	next := &source{identity: c.Identity, service: c.Target.Service, emptyGrace: c.EmptyGrace}
	next.subscription = group.Subscribe(c.Target, c.EmptyGrace, func(instances []discovery.Instance) {
		is.update(next, instances)
	})
	is.next = next
	return superseded
}

// last returns the source of the settings that were applied last, or nil.
func (is *Instances) last() *source {
	if is.next != nil {
		return is.next
	}
	return is.current
}

// update takes in what a source knows.
func (is *Instances) update(from *source, instances []discovery.Instance) {
	if old := is.take(from, instances); old != nil {
		old.subscription.Close()
	}
}

// take returns the source in whose place another has come, or nil. An empty set that
// follows what another source knows is doubted for a time.
func (is *Instances) take(from *source, instances []discovery.Instance) (old *source) {
	is.mu.Lock()
	defer is.mu.Unlock()
	switch {
	case from == is.current:
		is.Update(instances)
	case from != is.next:
	case len(instances) > 0 || is.current == nil:
		return is.promote(instances)
	case !from.isDoubted:
		from.isDoubted = true
		time.AfterFunc(from.emptyGrace, func() { is.believe(from) })
	}
	return nil
}

// promote puts the next source in the place of the current one, which it returns. The
// caller holds the lock.
func (is *Instances) promote(instances []discovery.Instance) (old *source) {
	old, is.current, is.next = is.current, is.next, nil
	is.Rename(is.current.service)
	is.Update(instances)
	return old
}

// believe takes in the empty set of a source that has said nothing else since.
func (is *Instances) believe(from *source) {
	is.mu.Lock()
	var old *source
	if from == is.next && !is.closed {
		old = is.promote(nil)
	}
	is.mu.Unlock()
	if old != nil {
		old.subscription.Close()
	}
}

// failure returns why the resolver does not answer, or nil.
func (is *Instances) failure() error {
	is.mu.Lock()
	last := is.last()
	is.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.subscription.Failure()
}

// Refresh says that an instance could not be connected to.
func (is *Instances) Refresh() {
	is.mu.Lock()
	last := is.current
	is.mu.Unlock()
	if last != nil {
		last.subscription.Refresh()
	}
}

// Close ends the subscriptions. What is known stays in use.
func (is *Instances) Close() {
	is.mu.Lock()
	is.closed = true
	sources := []*source{is.current, is.next}
	is.mu.Unlock()
	for _, s := range sources {
		if s != nil {
			s.subscription.Close()
		}
	}
}
