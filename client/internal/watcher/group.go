// SPDX-License-Identifier: Apache-2.0

package watcher

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/drain"
)

// Target is what is watched.
type Target struct {
	// Name is that of the resolver in the log: "dns", "etcd".
	Name     string
	Resolver discovery.Resolver
	Service  string
}

// Group holds the watches of an application. It is safe for concurrent use.
type Group struct {
	ctx    context.Context
	cancel context.CancelFunc
	logger *slog.Logger
	gate   drain.Gate // of goroutines

	mu      sync.Mutex
	watches map[key]*watch
}

// key tells watches from one another.
type key struct {
	resolver discovery.Resolver // nil if it cannot be compared
	service  string
	only     *Subscription // the one subscription to a resolver that cannot be compared
}

// New makes a group, to be closed by [Group.Close]. All its watches end when ctx
// does. The logger may be nil.
func New(ctx context.Context, logger *slog.Logger) *Group {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	g := &Group{logger: logger, watches: map[key]*watch{}}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// Subscribe has apply called with the instances of a service: with the first
// answer, or with what is known already, and after each change. The instances are
// valid, sorted by address, each of them there once, and no more than
// [MaxInstances]; apply must not change the slice nor what it refers to, nor block.
// Calls come one after the other, on a goroutine of the group.
//
// An empty set that follows another is passed on after emptyGrace.
//
// Subscriptions to the same resolver and service share a watch. A resolver of a
// type that cannot be compared is watched for each subscription. A group that is
// closed calls nothing.
func (g *Group) Subscribe(target Target, emptyGrace time.Duration, apply func([]discovery.Instance)) *Subscription {
	s := &Subscription{apply: apply}
	s.emptyGrace.Store(int64(emptyGrace))
	k := key{service: target.Service, only: s}
	if reflect.ValueOf(target.Resolver).Comparable() {
		k.resolver, k.only = target.Resolver, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.watches[k]
	if w == nil {
		w = g.newWatch(k, target)
		g.watches[k] = w
	}
	s.watch = w
	w.subscribe(s)
	return s
}

// newWatch begins a watch, unless the group is closed.
func (g *Group) newWatch(k key, target Target) *watch {
	w := &watch{group: g, key: k, target: target, wake: make(chan struct{}, 1)}
	w.ctx, w.cancel = context.WithCancel(g.ctx)
	if g.gate.Enter() {
		go w.loop()
	}
	return w
}

// unsubscribe ends the watch that nobody subscribes to any more.
func (g *Group) unsubscribe(s *Subscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := s.watch
	if w.unsubscribe(s) && g.watches[w.key] == w {
		delete(g.watches, w.key)
		w.cancel()
	}
}

// Close ends all watches and waits until their resolvers have returned, or ctx is
// done. The error is that of ctx.
func (g *Group) Close(ctx context.Context) error {
	g.gate.Close()
	g.cancel()
	select {
	case <-g.gate.Idle():
		return nil
	default:
	}
	select {
	case <-g.gate.Idle():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// subscribe adds a subscription and has it told what is known.
func (w *watch) subscribe(s *Subscription) {
	w.mu.Lock()
	w.subscriptions = append(w.subscriptions, s)
	w.mu.Unlock()
	w.wakeUp()
}

// unsubscribe reports whether nobody is left.
func (w *watch) unsubscribe(s *Subscription) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	// A copy, for the slice may be in use.
	w.subscriptions = slices.DeleteFunc(slices.Clone(w.subscriptions), func(other *Subscription) bool { return other == s })
	return len(w.subscriptions) == 0
}
