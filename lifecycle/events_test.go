// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type orderPlaced struct{ id string }

func (o orderPlaced) String() string { return "order " + o.id }

func TestEventsReachTheSubscribersOfTheirTypeInOrder(t *testing.T) {
	events := lifecycle.NewEvents(nil)
	var got []string
	lifecycle.Subscribe(events, func(o orderPlaced) { got = append(got, "first "+o.id) })
	lifecycle.Subscribe(events, func(lifecycle.ContextClosed) { got = append(got, "closed") })
	lifecycle.Subscribe(events, func(s fmt.Stringer) { got = append(got, "by interface "+s.String()) })
	lifecycle.Subscribe(events, func(*orderPlaced) { got = append(got, "pointer") })

	lifecycle.Publish(events, orderPlaced{"7"})

	if want := []string{"first 7", "by interface order 7"}; !slices.Equal(got, want) {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

func TestUnsubscribeEndsASubscription(t *testing.T) {
	events := lifecycle.NewEvents(nil)
	count := 0
	unsubscribe := lifecycle.Subscribe(events, func(orderPlaced) { count++ })
	lifecycle.Publish(events, orderPlaced{})
	unsubscribe()
	unsubscribe()
	lifecycle.Publish(events, orderPlaced{})
	if count != 1 {
		t.Errorf("delivered %d times, want once", count)
	}
}

func TestASubscriberMayPublishAndSubscribe(t *testing.T) {
	events := lifecycle.NewEvents(nil)
	var got []string
	lifecycle.Subscribe(events, func(o orderPlaced) {
		got = append(got, o.id)
		if o.id == "outer" {
			lifecycle.Subscribe(events, func(o orderPlaced) { got = append(got, "late "+o.id) })
			lifecycle.Publish(events, orderPlaced{"inner"})
		}
	})
	lifecycle.Publish(events, orderPlaced{"outer"})
	if want := []string{"outer", "inner", "late inner"}; !slices.Equal(got, want) {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

func TestAPanickingSubscriberIsLoggedAndTheOthersStillHear(t *testing.T) {
	var log bytes.Buffer
	events := lifecycle.NewEvents(slog.New(slog.NewTextHandler(&log, nil)))
	heard := false
	lifecycle.Subscribe(events, func(orderPlaced) { panic("no printer") })
	lifecycle.Subscribe(events, func(orderPlaced) { heard = true })

	lifecycle.Publish(events, orderPlaced{})

	if !heard {
		t.Error("the second subscriber was not called")
	}
	if !strings.Contains(log.String(), "no printer") || !strings.Contains(log.String(), "events_test.go") {
		t.Errorf("the log does not tell what panicked and where: %s", log.String())
	}
}

// badError is an error whose methods need the receiver.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

func TestASubscriberThatPanicsWithABadErrorIsLogged(t *testing.T) {
	var log bytes.Buffer
	events := lifecycle.NewEvents(slog.New(slog.NewTextHandler(&log, nil)))
	lifecycle.Subscribe(events, func(orderPlaced) { panic((*badError)(nil)) })
	lifecycle.Publish(events, orderPlaced{})
	if !strings.Contains(log.String(), "*lifecycle_test.badError (nil): its Error method panicked") {
		t.Errorf("the log does not name the error: %s", log.String())
	}
}

func TestEventsAreSafeForConcurrentUse(t *testing.T) {
	events := lifecycle.NewEvents(nil)
	var mu sync.Mutex
	count := 0
	lifecycle.Subscribe(events, func(orderPlaced) { mu.Lock(); count++; mu.Unlock() })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				lifecycle.Publish(events, orderPlaced{})
				lifecycle.Subscribe(events, func(lifecycle.ContextClosed) {})()
			}
		})
	}
	wg.Wait()
	if count != 800 {
		t.Errorf("delivered %d events, want 800", count)
	}
}

func ExampleSubscribe() {
	events := lifecycle.NewEvents(nil) // in an application: a parameter of your constructor

	type PriceChanged struct{ Product string }
	unsubscribe := lifecycle.Subscribe(events, func(e PriceChanged) {
		fmt.Println("reprice", e.Product)
	})
	defer unsubscribe()

	lifecycle.Publish(events, PriceChanged{Product: "p-1001"})
	// Output: reprice p-1001
}
