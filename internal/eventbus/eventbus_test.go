// SPDX-License-Identifier: Apache-2.0

package eventbus_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/internal/eventbus"
)

// subscribe adds a subscription that is known by its name.
func subscribe(b *eventbus.Bus, name string) (unsubscribe func()) {
	return b.Subscribe(eventbus.Subscription{Accepts: func(event any) bool { return event == name }})
}

func expect(t *testing.T, b *eventbus.Bus, want ...string) {
	t.Helper()
	var got []string
	for _, s := range b.Subscriptions() {
		for _, name := range []string{"before", "first", "second", "third", "between"} {
			if s.Accepts(name) {
				got = append(got, name)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("subscriptions %q, want %q", got, want)
	}
}

func TestAScopeOwnsWhatIsSubscribedUntilItEnds(t *testing.T) {
	b := &eventbus.Bus{}
	expect(t, b)
	subscribe(b, "before")
	end := b.Scope()
	subscribe(b, "first")
	unsubscribe := subscribe(b, "second")
	list := b.Subscriptions()
	unsubscribe()
	expect(t, b, "before", "first")
	end()
	expect(t, b, "before")
	subscribe(b, "between")
	unsubscribe()
	end()
	expect(t, b, "before", "between")
	if len(list) != 3 {
		t.Error("a list that was read has changed")
	}
}

func TestTheNextScopeDoesNotOwnWhatTheLastOneDoes(t *testing.T) {
	b := &eventbus.Bus{}
	endFirst := b.Scope()
	subscribe(b, "first")
	endSecond := b.Scope()
	subscribe(b, "second")
	endFirst()
	expect(t, b, "second")
	subscribe(b, "third")
	endSecond()
	expect(t, b)
}

func TestABusIsSafeForConcurrentUse(t *testing.T) {
	b := &eventbus.Bus{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				end := b.Scope()
				subscribe(b, "first")()
				b.Subscriptions()
				end()
			}
		})
	}
	wg.Wait()
	expect(t, b)
}
