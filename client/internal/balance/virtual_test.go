// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/random"
)

// source draws the same numbers in every run.
type source struct{ *rand.Rand }

func (s source) Text() string { return fmt.Sprint(s.Uint64()) }

func newSource(seed uint64) random.Source { return source{random.Keyed(seed, "pick")} }

// cluster is a service in virtual time: a simulation of discrete events, without
// goroutines.
type cluster struct {
	balancer *balance.Balancer
	source   random.Source
	begun    time.Time
	now      time.Duration
	events   events
	seq      int                                           // of the last event
	service  func(instance string, call int) time.Duration // how long a request takes that has the instance for itself
	isSerial bool                                          // an instance serves one request at a time
	free     map[string]time.Duration                      // when an instance is

	latencies []time.Duration
	calls     map[string]int
}

type event struct {
	at  time.Duration
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newCluster(t testing.TB, config balance.LoadBalancingConfig, instances []discovery.Instance) *cluster {
	b, err := balance.New(balance.Config{Service: "shop", LoadBalancing: config})
	require.NoError(t, err)
	b.Update(instances)
	return &cluster{balancer: b, source: newSource(1), begun: time.Now(), free: map[string]time.Duration{}, calls: map[string]int{}}
}

func (c *cluster) after(d time.Duration, do func()) {
	c.seq++
	heap.Push(&c.events, event{c.now + d, c.seq, do})
}

func (c *cluster) time() time.Time { return c.begun.Add(c.now) }

// call sends a request, and calls then when it is over.
func (c *cluster) call(t testing.TB, then func()) {
	p, err := c.balancer.Pick(t.Context(), balance.PickInfo{At: c.time(), Random: c.source})
	require.NoError(t, err)
	address := p.Instance().Address
	takes := c.service(address, c.calls[address])
	c.calls[address]++
	if c.isSerial {
		c.free[address] = max(c.free[address], c.now) + takes
		takes = c.free[address] - c.now
	}
	c.after(takes, func() {
		c.latencies = append(c.latencies, takes)
		p.Done(balance.Outcome{Result: balance.Success, Latency: takes, At: c.time()})
		then()
	})
}

func (c *cluster) run() {
	for len(c.events) > 0 {
		e := heap.Pop(&c.events).(event)
		c.now = e.at
		e.do()
	}
}

// callers has a number of callers make calls one after the other, with a pause
// between them.
func (c *cluster) callers(t testing.TB, callers, calls int, pause func() time.Duration) {
	for range callers {
		left := calls
		var next func()
		next = func() {
			if left--; left >= 0 {
				c.call(t, func() { c.after(pause(), next) })
			}
		}
		c.after(pause(), next)
	}
	c.run()
}

func (c *cluster) quantile(q float64) time.Duration {
	slices.Sort(c.latencies)
	return c.latencies[int(q*float64(len(c.latencies)))]
}

func (c *cluster) shares() (least, most int) {
	least = 1 << 60
	for _, n := range c.calls {
		least, most = min(least, n), max(most, n)
	}
	return least, most
}

func equal(n int) []discovery.Instance {
	instances := make([]discovery.Instance, n)
	for i := range instances {
		instances[i].Address = fmt.Sprintf("i%d:80", i)
	}
	return instances
}

// isSlow says which third of the instances is slow.
func isSlow(address string) bool {
	var number int
	_, _ = fmt.Sscanf(address, "i%d:", &number)
	return number%3 == 0
}

// TestSlowInstancesGetLess: a third of the instances takes twice as long, and each
// serves one request at a time.
func TestSlowInstancesGetLess(t *testing.T) {
	for _, size := range []struct {
		instances, callers, calls int
		pause                     time.Duration // mean, between two calls
	}{
		{instances: 1000, callers: 1000, calls: 50},
		{instances: 1000, callers: 500, calls: 100, pause: 10 * time.Millisecond},
		{instances: 50, callers: 50, calls: 1000, pause: 5 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%+v", size), func(t *testing.T) {
			p99 := map[string]time.Duration{}
			for _, policy := range []string{balance.Random, balance.LeastRequest} {
				c := newCluster(t, balance.LoadBalancingConfig{Policy: policy}, equal(size.instances))
				numbers := random.Keyed(7, policy)
				c.isSerial = true
				c.service = func(address string, _ int) time.Duration {
					mean := 10 * time.Millisecond
					if isSlow(address) {
						mean *= 2
					}
					return time.Duration(numbers.ExpFloat64() * float64(mean))
				}
				c.callers(t, size.callers, size.calls, func() time.Duration { return time.Duration(numbers.ExpFloat64() * float64(size.pause)) })
				p99[policy] = c.quantile(0.99)
			}
			ratio := float64(p99[balance.LeastRequest]) / float64(p99[balance.Random])
			t.Logf("p99 of random %s, of least-request %s: %.2f", p99[balance.Random], p99[balance.LeastRequest], ratio)
			require.Less(t, ratio, 0.80)
		})
	}
}

// TestOneSlowConnectionIsForgiven: the first request of one instance takes long, as
// one that makes a connection does.
func TestOneSlowConnectionIsForgiven(t *testing.T) {
	for _, callers := range []int{1, 8} {
		c := newCluster(t, balance.LoadBalancingConfig{}, equal(4))
		c.service = func(address string, call int) time.Duration {
			if address == "i0:80" && call == 0 {
				return 100 * time.Millisecond
			}
			return 2 * time.Millisecond
		}
		c.callers(t, callers, 400/callers, func() time.Duration { return 0 })
		least, most := c.shares()
		t.Logf("%d callers: %v", callers, c.calls)
		require.Greater(t, least, 60)
		require.Less(t, most, 140)
	}
}

// TestOneThatIsSlowForGood: it is tried again ever more rarely, but not forgotten.
func TestOneThatIsSlowForGood(t *testing.T) {
	c := newCluster(t, balance.LoadBalancingConfig{}, equal(4))
	recovered := false
	c.service = func(address string, _ int) time.Duration {
		if address == "i0:80" && !recovered {
			return 50 * time.Millisecond
		}
		return 2 * time.Millisecond
	}
	const calls = 10_000
	c.callers(t, 1, calls, func() time.Duration { return 0 })
	slow := c.calls["i0:80"]
	require.Less(t, slow, calls/200)
	require.Greater(t, slow, calls/1000)

	recovered = true
	c.callers(t, 1, calls, func() time.Duration { return 0 })
	require.Greater(t, c.calls["i0:80"]-slow, calls/6, "when it is fast again, it gets its share")

	before := c.calls["i0:80"]
	once := true
	c.service = func(address string, _ int) time.Duration {
		if address == "i0:80" && once {
			once = false
			return 50 * time.Millisecond
		}
		return 2 * time.Millisecond
	}
	c.callers(t, 1, 400, func() time.Duration { return 0 })
	require.Greater(t, c.calls["i0:80"]-before, 60, "and is forgiven as fast as at first")
}

func TestEqualInstancesGetEqualShares(t *testing.T) {
	for name, service := range map[string]func(*rand.Rand) time.Duration{
		"in microseconds": func(r *rand.Rand) time.Duration {
			return time.Duration((0.1 + r.ExpFloat64()) * float64(100*time.Microsecond))
		},
		"of a fifth more": func(r *rand.Rand) time.Duration {
			return time.Duration((1 + r.Float64()/5) * float64(10*time.Millisecond))
		},
	} {
		for _, policy := range []string{balance.LeastRequest, balance.RoundRobin} {
			c := newCluster(t, balance.LoadBalancingConfig{Policy: policy}, equal(10))
			numbers := random.Keyed(7, name)
			c.service = func(string, int) time.Duration { return service(numbers) }
			c.callers(t, 32, 10_000/32, func() time.Duration { return 0 })
			least, most := c.shares()
			t.Logf("%s, %s: %d to %d", name, policy, least, most)
			require.Less(t, most, 1100)
			require.Greater(t, least, 900)
		}
	}
}

func TestWeightsUnderLoad(t *testing.T) {
	instances := equal(3)
	for i := range instances {
		instances[i].Weight = 1 << (2 * i) // 1, 4, 16
	}
	for _, policy := range []string{balance.LeastRequest, balance.RoundRobin, balance.Random} {
		for _, callers := range []int{1, 40} {
			c := newCluster(t, balance.LoadBalancingConfig{Policy: policy}, instances)
			numbers := random.Keyed(7, policy)
			c.service = func(string, int) time.Duration {
				return time.Duration((0.5 + numbers.Float64()) * float64(5*time.Millisecond))
			}
			c.callers(t, callers, 21_000/callers, func() time.Duration { return 0 })
			for _, instance := range instances {
				want := 1000 * float64(instance.Weight)
				require.InEpsilon(t, want, c.calls[instance.Address], 0.2, "%s, %d callers, weight %d of %v", policy, callers, instance.Weight, c.calls)
			}
		}
	}
}
