// SPDX-License-Identifier: Apache-2.0

// Package eventbus manages the subscriptions of an event bus.
package eventbus

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Bus is a list of subscriptions. Its zero value is an empty bus. It is safe for
// concurrent use; reading the list takes no lock.
type Bus struct {
	subscriptions atomic.Pointer[[]*Subscription]

	writing sync.Mutex // serialises changes
	scope   *scope     // of new subscriptions; nil if none
}

// Subscription is a function that handles some events.
type Subscription struct {
	Accepts func(event any) bool
	Deliver func(event any) // called for accepted events only
	scope   *scope
}

// scope is not empty, so that each has a distinct address.
type scope struct{ _ byte }

// Subscriptions returns the subscriptions in the order of their creation.
// Callers must not modify the list.
func (b *Bus) Subscriptions() []*Subscription {
	if list := b.subscriptions.Load(); list != nil {
		return *list
	}
	return nil
}

// Subscribe adds a subscription and returns the function that removes it, which
// may be called more than once.
func (b *Bus) Subscribe(s Subscription) (unsubscribe func()) {
	b.writing.Lock()
	defer b.writing.Unlock()
	s.scope = b.scope
	list := append(slices.Clone(b.Subscriptions()), &s)
	b.subscriptions.Store(&list)
	return func() {
		b.writing.Lock()
		defer b.writing.Unlock()
		b.remove(func(other *Subscription) bool { return other == &s })
	}
}

// Scope owns all subscriptions that are created until the next call of Scope or
// of end. The returned function removes the remaining ones.
func (b *Bus) Scope() (end func()) {
	owner := &scope{}
	b.writing.Lock()
	defer b.writing.Unlock()
	b.scope = owner
	return func() {
		b.writing.Lock()
		defer b.writing.Unlock()
		if b.scope == owner {
			b.scope = nil
		}
		b.remove(func(s *Subscription) bool { return s.scope == owner })
	}
}

// remove replaces the list, so that concurrent readers keep the old one. The
// caller must hold the lock.
func (b *Bus) remove(isMeant func(*Subscription) bool) {
	list := slices.DeleteFunc(slices.Clone(b.Subscriptions()), isMeant)
	b.subscriptions.Store(&list)
}
