// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// callers make calls side by side, one after the other each, for some time.
func callers(t *testing.T, l *resilience.AdaptiveLimiter, n int, during time.Duration, call func(context.Context) error) (admitted, refused int) {
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				isRefused := errors.Is(l.Execute(ctx, call), resilience.ErrBulkheadFull)
				mu.Lock()
				if isRefused {
					refused++
				} else {
					admitted++
				}
				mu.Unlock()
				if isRefused {
					_ = until(200*time.Millisecond, nil)(ctx)
				}
			}
		})
	}
	wg.Wait()
	return admitted, refused
}

// oneOf is a call that takes one of several times, by a source that is always the
// same.
func oneOf(takes ...time.Duration) func(context.Context) error {
	random, mu := rand.New(rand.NewPCG(1, 2)), sync.Mutex{}
	return func(ctx context.Context) error {
		mu.Lock()
		d := takes[random.IntN(len(takes))]
		mu.Unlock()
		return until(d, nil)(ctx)
	}
}

func TestAnAdaptiveLimiterDoesNotStarveAService(t *testing.T) {
	const fast, slow = 2 * time.Millisecond, 200 * time.Millisecond
	for name, c := range map[string]struct {
		run   func(t *testing.T, l *resilience.AdaptiveLimiter)
		least int
	}{
		"one call a second": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for range 600 {
				require.NoError(t, l.Execute(t.Context(), until(50*time.Millisecond, nil)))
				time.Sleep(950 * time.Millisecond) // virtual
			}
		}, 20},
		"one call a second of two kinds": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			call := oneOf(fast, slow)
			for range 600 {
				require.NoError(t, l.Execute(t.Context(), call))
				time.Sleep(time.Second) // virtual
			}
		}, 20},
		"two kinds of calls": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 50, 2*time.Minute, oneOf(fast, slow))
		}, 50},
		"two kinds of calls, by many": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 150, time.Minute, oneOf(fast, slow))
		}, 100},
		"three kinds of calls": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 40, 2*time.Minute, oneOf(fast/2, 10*fast, 5*slow/2))
		}, 30},
		"two kinds of calls, a thousand times as long": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 30, 2*time.Minute, oneOf(fast, 1000*fast))
		}, 20},
		"ten calls at once each second": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for range 300 {
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() { assert.NoError(t, l.Execute(t.Context(), until(slow, nil))) })
				}
				wg.Wait()
				time.Sleep(time.Second - slow) // virtual
			}
		}, 20},
		"a call every ten seconds": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for range 300 {
				require.NoError(t, l.Execute(t.Context(), until(slow, nil)))
				time.Sleep(10 * time.Second) // virtual
			}
		}, 20},
		"calls that fail fast": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 18, 20*time.Second, until(fast, errDown))
		}, 18},
		"calls that become slower step by step": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for i := range 10 {
				callers(t, l, 15, 30*time.Second, until(time.Duration(i+1)*10*time.Millisecond, nil))
			}
		}, 18},
		"calls that their callers cancel": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for range 600 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_ = l.Execute(ctx, func(context.Context) error { cancel(); return context.DeadlineExceeded })
				time.Sleep(time.Second) // virtual
			}
		}, 20},
		"few slow ones among many fast": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 50, time.Minute, oneOf(fast, fast, fast, fast, fast, fast, fast, fast, fast, slow))
		}, 30},
		"fast calls, then slow ones": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 30, 5*time.Second, oneOf(fast))
			callers(t, l, 30, 90*time.Second, oneOf(slow))
		}, 30},
		"slow calls, then fast ones": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 30, time.Minute, oneOf(slow))
			callers(t, l, 30, 5*time.Second, oneOf(fast))
		}, 30},
		"a busy minute, then one call a second": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			callers(t, l, 50, time.Minute, oneOf(slow))
			for range 300 {
				require.NoError(t, l.Execute(t.Context(), until(fast, nil)))
				time.Sleep(time.Second) // virtual
			}
		}, 30},
		"an overload long ago": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for range 60 {
				_ = l.Execute(t.Context(), until(time.Second, context.DeadlineExceeded))
			}
			assert.Less(t, l.Limit(), 3)
			for range 600 {
				require.NoError(t, l.Execute(t.Context(), until(50*time.Millisecond, nil)))
				time.Sleep(950 * time.Millisecond) // virtual
			}
		}, 19},
		"a timeout now and then": {func(t *testing.T, l *resilience.AdaptiveLimiter) {
			for i := range 600 {
				var err error
				if i%30 == 0 {
					err = context.DeadlineExceeded
				}
				_ = l.Execute(t.Context(), until(50*time.Millisecond, err))
				time.Sleep(950 * time.Millisecond) // virtual
			}
		}, 15},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{})
				c.run(t, l)
				assert.GreaterOrEqual(t, l.Limit(), c.least)
			})
		})
	}
}

func TestAnAdaptiveLimiterFindsOverload(t *testing.T) {
	for name, c := range map[string]struct {
		before, capacity int32 // of the service, before and after
		callers          int
	}{
		"from the beginning":             {10, 10, 200},
		"of a service that becomes sick": {60, 6, 200},
		"of a larger service":            {80, 40, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{})
				callers(t, l, c.callers, time.Minute, (&service{capacity: c.before}).call)
				callers(t, l, c.callers, 3*time.Minute, (&service{capacity: c.capacity}).call)
				assert.GreaterOrEqual(t, l.Limit(), int(c.capacity)/2)
				assert.LessOrEqual(t, l.Limit(), 4*int(c.capacity))
				admitted, _ := callers(t, l, c.callers, 10*time.Second, (&service{capacity: c.capacity}).call)
				assert.Greater(t, admitted, int(c.capacity)*10*10*6/10, "calls in ten seconds")
			})
		})
	}
}

func TestAnAdaptiveLimiterIsReconfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{Name: "old", InitialLimit: 10})
		release := make(chan struct{})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				assert.NoError(t, l.Execute(t.Context(), func(context.Context) error { <-release; return nil }))
			})
		}
		synctest.Wait()
		require.NoError(t, l.Reconfigure(resilience.AdaptiveLimiterConfig{Name: "new", MaxLimit: 5}))
		assert.Equal(t, 5, l.Limit())
		close(release)
		wg.Wait()
		release = make(chan struct{})
		for range 5 { // the places of those under way are free
			wg.Go(func() {
				assert.NoError(t, l.Execute(t.Context(), func(context.Context) error { <-release; return nil }))
			})
		}
		synctest.Wait()
		assert.ErrorContains(t, l.Execute(t.Context(), succeed), "new: ")
		require.NoError(t, l.Reconfigure(resilience.AdaptiveLimiterConfig{MinLimit: 6}))
		assert.NoError(t, l.Execute(t.Context(), succeed))
		close(release)
		wg.Wait()
		assert.ErrorIs(t, l.Reconfigure(resilience.AdaptiveLimiterConfig{MinLimit: -2}), kernel.ErrConfig)
	})
}

func TestAnAdaptiveLimiterMayHaveEveryLimit(t *testing.T) {
	l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{InitialLimit: math.MaxInt})
	require.NoError(t, l.Execute(t.Context(), succeed))
	assert.Equal(t, math.MaxInt, l.Limit())
}
