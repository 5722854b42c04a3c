// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/internal/random"
	"github.com/pyfly-go/pyfly/kernel"
)

const (
	defaultInterval = 30 * time.Second
	// emptyInterval is how soon a service without instances is asked for again:
	// it may be starting.
	emptyInterval = 5 * time.Second
	// refreshInterval is how soon a service is asked for again on demand.
	refreshInterval = time.Second
	// lookupTimeout limits one lookup.
	lookupTimeout = 10 * time.Second
)

// poll is a resolver that asks again and again.
type poll struct {
	interval time.Duration
	invalid  error
	lookup   func(ctx context.Context, service string) ([]Instance, error)

	mu      sync.Mutex
	watches map[string][]chan struct{} // of each service, to wake those who wait
}

// Watch implements [Resolver].
func (p *poll) Watch(ctx context.Context, service string, update func([]Instance)) error {
	if p.invalid != nil {
		return p.invalid
	}
	wake := p.join(service)
	defer p.leave(service, wake)
	var known []Instance
	for isFirst := true; ; isFirst = false {
		instances, err := p.ask(ctx, service)
		if err != nil {
			return err
		}
		if isFirst || !slices.EqualFunc(instances, known, isSameEntry) {
			update(slices.Clone(instances))
		}
		known = instances
		if err := p.pause(ctx, wake, len(instances) == 0); err != nil {
			return err
		}
	}
}

// isSameEntry compares what a lookup finds.
func isSameEntry(a, b Instance) bool { return a.Address == b.Address && a.Weight == b.Weight }

func (p *poll) ask(ctx context.Context, service string) ([]Instance, error) {
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	instances, err := p.lookup(limited, service)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return instances, err
}

// pause waits until it is time to ask again.
func (p *poll) pause(ctx context.Context, wake <-chan struct{}, isEmpty bool) error {
	interval := p.interval
	if isEmpty {
		interval = min(interval, emptyInterval)
	}
	earliest := min(interval, refreshInterval)
	if err := sleep(ctx, earliest, nil); err != nil {
		return err
	}
	// A tenth more or less, so that those who have started together do not ask
	// together for ever.
	jitter := time.Duration(random.Int64N(ctx, int64(interval/5)+1)) - interval/10
	return sleep(ctx, interval+jitter-earliest, wake)
}

// sleep waits for a time, for wake, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Refresh implements [Refresher].
func (p *poll) Refresh(service string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, wake := range p.watches[service] {
		select {
		case wake <- struct{}{}:
		default: // it has been woken already
		}
	}
}

func (p *poll) join(service string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watches == nil {
		p.watches = map[string][]chan struct{}{}
	}
	wake := make(chan struct{}, 1)
	p.watches[service] = append(p.watches[service], wake)
	return wake
}

func (p *poll) leave(service string, wake chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := slices.DeleteFunc(p.watches[service], func(other chan struct{}) bool { return other == wake })
	if len(left) == 0 {
		delete(p.watches, service)
		return
	}
	p.watches[service] = left
}

// validInterval returns the interval in the place of zero, or what is wrong with it.
func validInterval(interval time.Duration) (time.Duration, error) {
	switch {
	case interval == 0:
		return defaultInterval, nil
	case interval < refreshInterval:
		return 0, fmt.Errorf("%w: interval is %s: it must be at least %s", kernel.ErrConfig, interval, refreshInterval)
	}
	return interval, nil
}
