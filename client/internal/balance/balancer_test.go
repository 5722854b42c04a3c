// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
)

func TestPickWaitsForTheFirstInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBalancer(t, balance.Config{})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { assert.Equal(t, "a:80", address(t, b)) })
		}
		time.Sleep(time.Hour)
		b.Update(at("a:80"))
		wg.Wait()
		require.NoError(t, b.Wait(t.Context()))
	})
}

func TestPickWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errResolver := errors.New("the registry is down")
		b := newBalancer(t, balance.Config{Cause: func() error { return errResolver }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Pick(ctx, balance.PickInfo{})
		require.ErrorIs(t, err, balance.ErrNoInstances)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errResolver)
		require.EqualError(t, err, `no instances of the service "shop": its resolver has not answered in time: the registry is down`)

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = b.Pick(cancelled, balance.PickInfo{})
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, balance.ErrNoInstances, "the caller gave up")
	})
}

func TestNoInstances(t *testing.T) {
	b := newBalancer(t, balance.Config{})
	b.Update(nil)
	_, err := b.Pick(t.Context(), balance.PickInfo{})
	var none *balance.NoInstancesError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, "shop", none.Service)
	assert.EqualError(t, err, `no instances of the service "shop": its resolver knows none`)
	b.Update(at("a:80"))
	assert.Equal(t, "a:80", address(t, b))
	b.Update(nil)
	_, err = b.Pick(t.Context(), balance.PickInfo{})
	require.ErrorIs(t, err, balance.ErrNoInstances)
}

func TestInFlightIsReleasedOnce(t *testing.T) {
	b := balancerOf(t, "", "a:80")
	p, other := pick(t, b, nil), pick(t, b, nil)
	p.Report(balance.Outcome{Result: balance.Success})
	assert.Equal(t, 2, info(t, b, "a:80").InFlight, "a report is not the end")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { p.Done(balance.Outcome{Result: balance.Failure}) })
	}
	wg.Wait()
	assert.Equal(t, 1, info(t, b, "a:80").InFlight)
	other.Done(balance.Outcome{})
	assert.Equal(t, 0, info(t, b, "a:80").InFlight)
	assert.EqualValues(t, 2, info(t, b, "a:80").Picks)
	new(balance.Picked).Done(balance.Outcome{}) // nothing was picked
}

func TestTheFirstReportCounts(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80")
	for range 10 {
		p := to(t, b, "a:80")
		assert.True(t, p.Report(balance.Outcome{Result: balance.Success}))
		assert.False(t, p.Report(balance.Outcome{Result: balance.Failure}))
		assert.False(t, p.Done(balance.Outcome{Result: balance.Failure}))
	}
	assert.Equal(t, balance.Up, states(b)["a:80"])
}

func TestWhatIsKnownSurvivesUpdates(t *testing.T) {
	b := balancerOf(t, balance.Random, "a:80", "b:80")
	p := to(t, b, "a:80")
	to(t, b, "a:80").Done(balance.Outcome{Result: balance.Success, Latency: time.Second})
	before := info(t, b, "a:80")
	b.Update([]discovery.Instance{{Address: "a:80", Weight: 7, ID: "new"}, {Address: "c:80"}})
	after := info(t, b, "a:80")
	assert.Equal(t, 7, after.Instance.Weight)
	assert.Equal(t, "new", to(t, b, "a:80").Instance().ID)
	assert.Equal(t, []any{before.InFlight, before.Picks, before.Latency}, []any{after.InFlight, after.Picks, after.Latency})
	p.Done(balance.Outcome{})

	b.Update(at("c:80"))
	b.Update(at("a:80"))
	assert.Equal(t, time.Second, info(t, b, "a:80").Latency, "and a short absence")
}

func TestThoseThatLeftLongAgoAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, "", "a:80")
		to(t, b, "a:80").Done(balance.Outcome{Result: balance.Success, Latency: time.Second})
		b.Update(at("b:80"))
		time.Sleep(6 * time.Minute)
		b.Update(at("b:80"))
		b.Update(at("a:80"))
		assert.Zero(t, info(t, b, "a:80").Latency)

		to(t, b, "a:80").Done(balance.Outcome{Result: balance.Success, Latency: time.Second})
		for i := range 1000 { // at once
			b.Update(at(fmt.Sprintf("x%d:80", i)))
		}
		b.Update(at("a:80"))
		assert.Zero(t, info(t, b, "a:80").Latency, "memory is bounded")
	})
}

// An instance is gone when it has left and its last request is over.
func TestGone(t *testing.T) {
	var gone []string
	b := newBalancer(t, balance.Config{
		LoadBalancing: balance.LoadBalancingConfig{Policy: balance.Random},
		Gone:          func(address string) { gone = append(gone, address) },
	})
	b.Update(at("a:80", "b:80", "c:80"))
	first, second := to(t, b, "a:80"), to(t, b, "a:80")
	to(t, b, "c:80").Done(balance.Outcome{})
	b.Update(at("c:80"))
	assert.Equal(t, []string{"b:80"}, gone, "it had no request")
	assert.Equal(t, balance.Left, states(b)["a:80"])
	first.Done(balance.Outcome{})
	assert.Len(t, gone, 1)
	second.Done(balance.Outcome{})
	assert.Equal(t, []string{"b:80", "a:80"}, gone)
	assert.Equal(t, map[string]balance.State{"c:80": balance.Up}, states(b))

	p := to(t, b, "c:80")
	b.Update(nil)
	b.Update(at("c:80"))
	p.Done(balance.Outcome{})
	assert.Len(t, gone, 2, "it has come back")
}

// TestNoPickOfOneThatLeft: a pick that begins after an update has ended has an
// instance of that update or a later one.
func TestNoPickOfOneThatLeft(t *testing.T) {
	for _, policy := range []string{balance.LeastRequest, balance.RoundRobin, balance.Random} {
		t.Run(policy, func(t *testing.T) {
			b := balancerOf(t, policy, "0-a:80", "0-b:80")
			var generation atomic.Int64 // of the last update that has ended
			var wg, updates sync.WaitGroup
			stop := make(chan struct{})
			for range 3 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						atLeast := generation.Load()
						p := pick(t, b, new(balance.Tried))
						var got int64
						_, _ = fmt.Sscanf(p.Instance().Address, "%d-", &got)
						assert.GreaterOrEqual(t, got, atLeast)
						p.Done(balance.Outcome{Result: balance.Result(rand.IntN(3)), Latency: time.Duration(rand.IntN(5)) * time.Millisecond})
					}
				})
			}
			updates.Go(func() {
				for g := range int64(500) {
					b.Update(at(fmt.Sprintf("%d-a:80", g), fmt.Sprintf("%d-b:80", g), fmt.Sprintf("%d-c:80", g)))
					generation.Store(g)
					_ = b.Snapshot()
				}
			})
			updates.Wait()
			close(stop)
			wg.Wait()
			for _, i := range b.Snapshot().Instances {
				assert.Zero(t, i.InFlight, i.Instance.Address)
				assert.NotEqual(t, balance.Left, i.State)
			}
		})
	}
}

func TestReconfigure(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80", "c:80")
	require.NoError(t, b.Reconfigure(balance.LoadBalancingConfig{Policy: balance.RoundRobin}, balance.OutlierDetectionConfig{}))
	assert.Equal(t, map[string]int{"a:80": 10, "b:80": 10, "c:80": 10}, picked(t, b, 30))
	assert.Equal(t, balance.RoundRobin, b.Snapshot().Policy)
	require.Error(t, b.Reconfigure(balance.LoadBalancingConfig{Policy: "x"}, balance.OutlierDetectionConfig{}))
	assert.Equal(t, balance.RoundRobin, b.Snapshot().Policy)

	end(t, b, "a:80", balance.Failure, 5)
	assert.Equal(t, balance.Ejected, states(b)["a:80"])
	require.NoError(t, b.Reconfigure(balance.LoadBalancingConfig{}, balance.OutlierDetectionConfig{ConsecutiveFailures: 2}))
	assert.Equal(t, balance.Ejected, states(b)["a:80"], "it stays ejected")
	require.NoError(t, b.Reconfigure(balance.LoadBalancingConfig{}, balance.OutlierDetectionConfig{Disabled: true}))
	assert.Equal(t, balance.Up, states(b)["a:80"])
	end(t, b, "a:80", balance.Failure, 50)
	assert.Equal(t, balance.Up, states(b)["a:80"])
}

func TestSnapshot(t *testing.T) {
	b := newBalancer(t, balance.Config{})
	assert.Empty(t, b.Snapshot().Instances, "before the first answer")
	b.Update([]discovery.Instance{{Address: "a:80", Zone: "eu-1"}, {Address: "b:80"}})
	end(t, b, "a:80", balance.Success, 3)
	before := b.Snapshot()
	assert.Equal(t, "shop", before.Service)
	assert.Equal(t, balance.LeastRequest, before.Policy)
	assert.Equal(t, "eu-1", before.Instances[0].Instance.Zone)
	assert.InDelta(t, 1, before.Instances[0].Share+before.Instances[1].Share, 1e-9)

	end(t, b, "b:80", balance.Failure, 5)
	ejected := info(t, b, "b:80")
	assert.Equal(t, "503", ejected.Reason)
	assert.Equal(t, ejectionTime, ejected.Until.Sub(ejected.Since))
	assert.WithinDuration(t, time.Now(), ejected.Since, time.Minute)
	picked(t, b, 10)
	assert.InDelta(t, 1, info(t, b, "a:80").Share, 1e-9, "since the ejection")
	assert.Zero(t, info(t, b, "b:80").Share)
	assert.Zero(t, info(t, b, "a:80").Since)
}

func TestWhetherThereIsAnotherInstance(t *testing.T) {
	b, err := balance.New(balance.Config{Service: "shop"})
	require.NoError(t, err)
	require.False(t, b.IsReady())
	require.False(t, b.HasOther(nil))
	b.Update([]discovery.Instance{{Address: "a:80"}, {Address: "b:80"}})
	require.True(t, b.IsReady())
	require.True(t, b.HasOther(nil))
	var tried balance.Tried
	for _, hasOther := range []bool{true, false} {
		p, err := b.Pick(t.Context(), balance.PickInfo{Tried: &tried})
		require.NoError(t, err)
		require.Equal(t, hasOther, b.HasOther(&tried))
		p.Done(balance.Outcome{})
	}
	b.Update(nil)
	require.True(t, b.IsReady())
	require.False(t, b.HasOther(nil))
}

// TestAWaitThatATimeoutEnds: as a time limit without a deadline does.
func TestAWaitThatATimeoutEnds(t *testing.T) {
	b, err := balance.New(balance.Config{Service: "shop"})
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("too late: %w", context.DeadlineExceeded))
	require.ErrorIs(t, b.Wait(ctx), balance.ErrNoInstances)
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(errors.New("the caller goes home"))
	require.Equal(t, context.Canceled, b.Wait(ctx))
}
