// SPDX-License-Identifier: Apache-2.0

package watcher_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
)

func TestSubscribersShareAWatch(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := waits(at("a:80")...)
		first := subscribe(g, r, "shop")
		assert.Equal(t, []string{"a:80"}, first.sets())
		second, other := subscribe(g, r, "shop"), subscribe(g, r, "other")
		assert.Equal(t, []string{"a:80"}, second.sets(), "told what is known")
		assert.Equal(t, []string{"a:80"}, other.sets())
		assert.Equal(t, 2, r.count(), "one watch for each service")

		other.Close()
		first.Close()
		first.Close()
		synctest.Wait()
		third := subscribe(g, r, "shop")
		assert.Equal(t, []string{"a:80"}, third.sets())
		assert.Equal(t, 2, r.count(), "the watch goes on as long as one is left")
		assert.Equal(t, []string{"a:80"}, first.sets())

		second.Close()
		third.Close()
		synctest.Wait()
		assert.Equal(t, []string{"a:80"}, subscribe(g, r, "shop").sets())
		assert.Equal(t, 3, r.count(), "begun again")
	})
}

func TestResolversThatCannotBeCompared(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := discovery.Static(at("a:80")...)
		assert.Equal(t, []string{"a:80"}, subscribe(g, r, "shop").sets())
		assert.Equal(t, []string{"a:80"}, subscribe(g, r, "shop").sets())
	})
}

func TestOnlyChangesAreTold(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := waits(discovery.Instance{Address: "b:80"}, discovery.Instance{Address: "A:080"})
		u := subscribe(g, r, "shop")
		assert.Equal(t, []string{"a:80 b:80"}, u.sets(), "sorted")
		r.update(at("a:80", "b:80")...)
		assert.Len(t, u.sets(), 1)
		r.update(discovery.Instance{Address: "b:80", Weight: 2}, discovery.Instance{Address: "a:80"})
		assert.Len(t, u.sets(), 2, "another weight is a change")
		r.update(discovery.Instance{Address: "b:80", Weight: 2}, discovery.Instance{Address: "a:80", Metadata: map[string]string{"v": "2"}})
		assert.Len(t, u.sets(), 3)
	})
}

func TestUpdateCopies(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		entries := []discovery.Instance{{Address: "a:80", Metadata: map[string]string{"v": "1"}}}
		r := silent()
		var told []discovery.Instance
		g.Subscribe(watcher.Target{Resolver: r}, 0, func(instances []discovery.Instance) { told = instances })
		synctest.Wait()
		r.update(entries...)
		entries[0].Address, entries[0].Metadata["v"] = "b:80", "2"
		synctest.Wait()
		assert.Equal(t, []discovery.Instance{{Address: "a:80", Weight: 1, Metadata: map[string]string{"v": "1"}}}, told)
	})
}

func TestAClosedGroupTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := watcher.New(t.Context(), nil)
		r := waits(at("a:80")...)
		u := subscribe(g, r, "shop")
		require.Len(t, u.sets(), 1)
		require.NoError(t, g.Close(t.Context()))
		r.update(at("b:80")...)
		late := subscribe(g, r, "shop")
		assert.Len(t, u.sets(), 1)
		assert.Empty(t, late.sets())
		assert.Equal(t, 1, r.count())
		late.Refresh()
		late.Close()
		u.Close()
		require.NoError(t, g.Close(t.Context()))
	})
}

func TestAGroupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := watcher.New(ctx, nil)
		subscribe(g, waits(at("a:80")...), "shop")
		cancel()
		synctest.Wait()
		expired, done := context.WithTimeout(t.Context(), time.Second)
		defer done()
		require.NoError(t, g.Close(expired))
	})
}

// An apply may close others.
func TestOneThatIsClosedIsNotTold(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := silent()
		target := watcher.Target{Resolver: r}
		var second *watcher.Subscription
		g.Subscribe(target, 0, func([]discovery.Instance) { second.Close() })
		second = g.Subscribe(target, 0, func([]discovery.Instance) { t.Error("told") })
		synctest.Wait()
		r.update(at("a:80")...)
		synctest.Wait()
	})
}

func TestTheLastToLeaveEndsTheWatch(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		ended := false
		r := &resolver{watch: func(ctx context.Context, _ string, _ func([]discovery.Instance)) error {
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}}
		first, second := subscribe(g, r, "shop"), subscribe(g, r, "shop")
		first.Close()
		synctest.Wait()
		assert.False(t, ended)
		second.Close()
		synctest.Wait()
		assert.True(t, ended)
	})
}

// A close returns after apply has, so that what replaces a subscription is told
// last. A goroutine that waits for a lock stops the time of a bubble: there is none.
func TestCloseWaitsForApply(t *testing.T) {
	g := watcher.New(t.Context(), nil)
	entered, isDone := make(chan struct{}), atomic.Bool{}
	s := g.Subscribe(watcher.Target{Resolver: waits()}, 0, func([]discovery.Instance) {
		close(entered)
		for range 1000 {
			runtime.Gosched()
		}
		isDone.Store(true)
	})
	<-entered
	s.Close()
	assert.True(t, isDone.Load())
	require.NoError(t, g.Close(t.Context()))
}
