// SPDX-License-Identifier: Apache-2.0

// Package registry holds everything that has state for a client: its policies
// and its engines. It creates, reconfigures, lists and removes them.
package registry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/internal/engine"
)

// Generation is an engine with the resources that its owner created for it.
// Generations may share a Port, which is stopped after the last of them.
type Generation[T any] struct {
	*engine.Engine
	Port *Port
	With T
}

// Port identifies a port.
type Port struct{ _ byte } // not empty, so that each has a distinct address

// Engines are the engines of a client: the current one, which runs new calls,
// and replaced ones that still have running calls. The zero value is ready to
// use. It is safe for concurrent use.
type Engines[T any] struct {
	current atomic.Pointer[Generation[T]]
	retired sync.WaitGroup

	mu        sync.Mutex // guards the fields below
	draining  []*Generation[T]
	before    int64 // calls of removed engines
	isStopped bool
	stopped   chan struct{} // closed by Stop; nil: nobody has waited yet
}

// Current returns the generation that runs new calls, or nil if there is none
// yet.
func (es *Engines[T]) Current() *Generation[T] { return es.current.Load() }

// Engine returns the current engine.
func (es *Engines[T]) Engine() *engine.Engine { return es.current.Load().Engine }

// Begin sets the first generation.
func (es *Engines[T]) Begin(g *Generation[T]) { es.current.Store(g) }

// IsClosed reports whether the client has stopped.
func (es *Engines[T]) IsClosed() bool { return es.current.Load().IsClosed() }

// Count returns the number of calls that have begun, and of those that are
// running.
func (es *Engines[T]) Count() (calls, inFlight int64) {
	es.mu.Lock()
	defer es.mu.Unlock()
	calls = es.before
	for _, g := range es.all() {
		calls += g.Calls()
		inFlight += g.InFlight()
	}
	return calls, inFlight
}

// all returns the generations that have calls, or may have. The current one is
// the first. The caller must hold the lock.
func (es *Engines[T]) all() []*Generation[T] {
	return append([]*Generation[T]{es.current.Load()}, es.draining...)
}

// Replace makes another generation run new calls. Running calls finish in their
// own generation. The port of the replaced generation is retired after its last
// call, unless another generation shares it. If the client has stopped in the
// meantime, next is retired.
func (es *Engines[T]) Replace(next *Generation[T], retire func(*Generation[T])) {
	es.mu.Lock()
	defer es.mu.Unlock()
	old := es.current.Load()
	if es.isStopped {
		if next.Port != old.Port {
			es.retired.Go(func() { retire(next) })
		}
		return
	}
	es.current.Store(next)
	old.Close()
	es.draining = append(es.draining, old)
	if isClosed(old.Idle()) && old.Port == next.Port {
		es.forget(old)
		return
	}
	es.retired.Go(func() {
		select {
		case <-old.Idle():
			if es.forgetNow(old) {
				retire(old)
			}
		case <-old.Stopped(): // with the client
		}
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// forgetNow reports whether no other generation has the port of the old one.
func (es *Engines[T]) forgetNow(old *Generation[T]) (isPortFree bool) {
	es.mu.Lock()
	defer es.mu.Unlock()
	es.forget(old)
	return !es.isStopped && !slices.ContainsFunc(es.all(), func(g *Generation[T]) bool { return g.Port == old.Port })
}

// forget removes a generation without calls from the list. The caller must hold
// the lock.
func (es *Engines[T]) forget(old *Generation[T]) {
	es.draining = slices.DeleteFunc(es.draining, func(g *Generation[T]) bool { return g == old })
	es.before += old.Calls()
}

// Stopped returns a channel that is closed as soon as the client stops. Unlike that
// of an engine it outlasts changes of settings.
func (es *Engines[T]) Stopped() <-chan struct{} {
	es.mu.Lock()
	defer es.mu.Unlock()
	if es.stopped == nil {
		es.stopped = make(chan struct{})
		if es.isStopped {
			close(es.stopped)
		}
	}
	return es.stopped
}

// Stop rejects new calls, lets those under way finish until ctx is done, and then
// ends them. A port is stopped when no engine has calls that use it.
func (es *Engines[T]) Stop(ctx context.Context) error {
	es.mu.Lock()
	if !es.isStopped && es.stopped != nil {
		close(es.stopped)
	}
	es.isStopped = true
	generations := es.all()
	es.mu.Unlock()
	var wg sync.WaitGroup
	for _, g := range generations {
		wg.Go(func() { g.Drain(ctx) })
	}
	wg.Wait()
	stopped := map[*Port]bool{}
	errs := make([]error, len(generations))
	for i, g := range generations {
		if !stopped[g.Port] {
			stopped[g.Port] = true
			wg.Go(func() { errs[i] = g.StopPort(ctx) })
		}
	}
	wg.Wait()
	es.retired.Wait()
	return errors.Join(errs...)
}
