// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// observed is what a watch has told.
type observed struct {
	mu      sync.Mutex
	updates [][]discovery.Instance
	ended   chan error
	cancel  context.CancelFunc
}

// watch begins a watch, in a synctest bubble.
func watch(t *testing.T, resolver discovery.Resolver, service string) *observed {
	ctx, cancel := context.WithCancel(t.Context())
	o := &observed{ended: make(chan error, 1), cancel: cancel}
	go func() {
		o.ended <- resolver.Watch(ctx, service, func(instances []discovery.Instance) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.updates = append(o.updates, instances)
		})
	}()
	synctest.Wait()
	return o
}

// stop ends the watch and returns its error.
func (o *observed) stop() error {
	o.cancel()
	return <-o.ended
}

// addresses returns those of each update.
func (o *observed) addresses() [][]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([][]string, len(o.updates))
	for i, instances := range o.updates {
		all[i] = addressesOf(instances)
	}
	return all
}

func addressesOf(instances []discovery.Instance) []string {
	list := make([]string, len(instances))
	for i, instance := range instances {
		list[i] = instance.Address
	}
	return list
}
