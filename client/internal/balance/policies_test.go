// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
)

var policies = []string{balance.LeastRequest, balance.RoundRobin, balance.Random}

func TestSharesByWeight(t *testing.T) {
	for _, policy := range policies {
		for _, weights := range [][]int{{1, 1}, {0, 1, 1}, {1, 9}, {5, 1, 1}, {1, 2, 3, 4}, {100, 1}, {500_000, 1_000_000}} {
			b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: policy}})
			var instances []discovery.Instance
			sum := 0
			for i, weight := range weights {
				instances = append(instances, discovery.Instance{Address: fmt.Sprintf("i%d:80", i), Weight: weight})
				sum += max(weight, 1)
			}
			b.Update(instances)
			const picks = 40_000
			counts := picked(t, b, picks)
			for i, instance := range instances {
				want := picks * float64(max(weights[i], 1)) / float64(sum)
				assert.InDelta(t, want, counts[instance.Address], 0.015*picks, "%s, weights %v: %v", policy, weights, counts)
			}
		}
	}
}

func TestRoundRobinIsSmooth(t *testing.T) {
	b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: balance.RoundRobin}})
	b.Update([]discovery.Instance{{Address: "a:80", Weight: 50}, {Address: "b:80", Weight: 10}, {Address: "c:80", Weight: 10}})
	var order strings.Builder
	for range 7 * 100 {
		order.WriteString(address(t, b)[:1])
	}
	for i := range 7 * 99 {
		window := order.String()[i : i+7]
		require.Equal(t, []int{5, 1, 1}, []int{strings.Count(window, "a"), strings.Count(window, "b"), strings.Count(window, "c")}, window)
	}
	assert.NotContains(t, order.String(), "aaaaaa")
}

func TestRoundRobinOfEqualWeights(t *testing.T) {
	b := balancerOf(t, balance.RoundRobin, "a:80", "b:80", "c:80")
	assert.Equal(t, map[string]int{"a:80": 100, "b:80": 100, "c:80": 100}, picked(t, b, 300))
}

// Weights that have no small common measure are rounded.
func TestRoundRobinOfOddWeights(t *testing.T) {
	b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: balance.RoundRobin}})
	b.Update([]discovery.Instance{{Address: "a:80", Weight: 999_983}, {Address: "b:80", Weight: 499_979}, {Address: "c:80", Weight: 1}})
	counts := picked(t, b, 100_000)
	assert.InDelta(t, 66_666, counts["a:80"], 200)
	assert.InDelta(t, 33_333, counts["b:80"], 200)
	assert.Less(t, counts["c:80"], 100)
}

func TestLeastRequestAvoidsTheBusy(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80")
	busy := to(t, b, "a:80")
	for range 1000 {
		require.Equal(t, "b:80", address(t, b))
	}
	busy.Done(balance.Outcome{})
	counts := picked(t, b, 10_000)
	assert.InDelta(t, 5000, counts["a:80"], 300, "ties are decided at random")
}

func TestLatencyDecidesAboveAMillisecond(t *testing.T) {
	for name, c := range map[string]struct {
		a, b    time.Duration
		decides bool
	}{
		"below a millisecond": {10 * time.Microsecond, 900 * time.Microsecond, false},
		"nearly the same":     {10 * time.Millisecond, 14 * time.Millisecond, false},
		"twice as slow":       {10 * time.Millisecond, 20 * time.Millisecond, true},
		"fast and slow":       {10 * time.Microsecond, 1100 * time.Microsecond, true},
		"not known":           {0, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := balancerOf(t, "", "a:80", "b:80")
			to(t, b, "a:80").Done(balance.Outcome{Result: balance.Success, Latency: c.a})
			to(t, b, "b:80").Done(balance.Outcome{Result: balance.Success, Latency: c.b})
			slow := 0
			for range 200 {
				p := pick(t, b, nil)
				if p.Instance().Address == "b:80" {
					slow++
				}
				p.Done(balance.Outcome{})
			}
			if c.decides {
				assert.Less(t, slow, 30)
			} else {
				assert.InDelta(t, 100, slow, 50)
			}
		})
	}
}

// One that is fast but has a long line is worse than one that is slow and free.
func TestLatencyIsWeighedAgainstRequestsInFlight(t *testing.T) {
	b := balancerOf(t, "", "fast:80", "slow:80")
	to(t, b, "fast:80").Done(balance.Outcome{Result: balance.Success, Latency: 10 * time.Millisecond})
	to(t, b, "slow:80").Done(balance.Outcome{Result: balance.Success, Latency: 25 * time.Millisecond})
	var order []string
	for range 7 {
		order = append(order, pick(t, b, nil).Instance().Address)
	}
	assert.Equal(t, []string{"fast:80", "fast:80", "slow:80", "fast:80", "fast:80"}, order[:5])
	assert.Contains(t, order[5:], "slow:80")
}

func TestALatencyFollowsPeaksAndSuccesses(t *testing.T) {
	b := balancerOf(t, "", "a:80")
	observe := func(result balance.Result, took time.Duration) time.Duration {
		to(t, b, "a:80").Done(balance.Outcome{Result: result, Latency: took})
		return info(t, b, "a:80").Latency
	}
	assert.Equal(t, 8*time.Millisecond, observe(balance.Success, 8*time.Millisecond))
	assert.Equal(t, 16*time.Millisecond, observe(balance.Success, 16*time.Millisecond), "a peak at once")
	assert.Equal(t, 15*time.Millisecond, observe(balance.Success, 8*time.Millisecond), "then slowly down")
	for _, result := range []balance.Result{balance.Failure, balance.Ignored} {
		assert.Equal(t, 15*time.Millisecond, observe(result, time.Microsecond), "only a success lowers it")
	}
	assert.Equal(t, time.Second, observe(balance.Failure, time.Second))
	assert.Equal(t, 2*time.Second, observe(balance.Ignored, 2*time.Second))
	assert.Equal(t, 2*time.Second, observe(balance.Success, 0), "not known")
}

func TestAnotherInstanceForEachAttempt(t *testing.T) {
	for _, policy := range policies {
		for _, n := range []int{1, 2, 3, 10, 200} {
			b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: policy}})
			instances := equal(n)
			instances[0].Weight = 1000 // nearly all draws
			for _, weighted := range []bool{false, true} {
				instances[0].Weight = 1
				if weighted {
					instances[0].Weight = 1000
				}
				b.Update(instances)
				for range 20 {
					var tried balance.Tried
					seen := map[string]bool{}
					for range n {
						p := pick(t, b, &tried)
						require.False(t, seen[p.Instance().Address], "%s of %d", policy, n)
						seen[p.Instance().Address] = true
						p.Done(balance.Outcome{})
					}
					for range 3 { // all have been tried
						pick(t, b, &tried).Done(balance.Outcome{})
					}
				}
			}
		}
	}
}

// Hedges of one call pick at the same time.
func TestAttemptsAtOnceGoToDifferentInstances(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80", "c:80", "d:80")
	for range 200 {
		var tried balance.Tried
		var seen sync.Map
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, isTwice := seen.LoadOrStore(pick(t, b, &tried).Instance().Address, true)
				assert.False(t, isTwice)
			})
		}
		wg.Wait()
	}
}

func TestPicksOfASourceAreRepeatable(t *testing.T) {
	for _, policy := range []string{balance.LeastRequest, balance.Random} {
		var runs [2][]string
		for i := range runs {
			b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: policy}})
			b.Update([]discovery.Instance{{Address: "a:80", Weight: 2}, {Address: "b:80"}, {Address: "c:80"}})
			source := newSource(42)
			for range 100 {
				p, err := b.Pick(t.Context(), balance.PickInfo{Random: source})
				require.NoError(t, err)
				runs[i] = append(runs[i], p.Instance().Address)
			}
		}
		assert.Equal(t, runs[0], runs[1])
	}
}
