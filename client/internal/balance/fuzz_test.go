// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
)

// world holds a balancer and what must be true of it. Each byte of a script is
// something that happens to it.
type world struct {
	t        *testing.T
	balancer *balance.Balancer
	most     func(n int) int // that may be ejected
	present  map[string]bool
	open     []*balance.Picked
	inFlight map[string]int
	tried    *balance.Tried
	went     map[string]bool // to what the call has gone
	gone     map[string]bool // that was told of, since it was there last
}

const worldSize = 6

func newWorld(t *testing.T, policy byte) *world {
	w := &world{
		t: t, present: map[string]bool{}, inFlight: map[string]int{}, gone: map[string]bool{},
		most: func(n int) int {
			if n < 2 {
				return 0
			}
			return max(n/2, 1)
		},
	}
	w.balancer = newBalancer(t, balance.Config{
		LoadBalancing:    balance.LoadBalancingConfig{Policy: policies[int(policy)%len(policies)]},
		OutlierDetection: balance.OutlierDetectionConfig{ConsecutiveFailures: 2},
		Gone:             func(address string) { w.gone[address] = true },
	})
	w.update(0xff)
	w.nextCall()
	return w
}

func (w *world) step(b byte) {
	argument := int(b >> 3)
	switch b % 8 {
	case 0:
		w.update(argument << 1 & 0xff)
	case 1:
		w.nextCall()
	case 2, 3:
		w.pick()
	case 4:
		w.end(argument, balance.Success)
	case 5, 6:
		w.end(argument, balance.Failure)
	case 7:
		time.Sleep(time.Duration(argument) * 5 * time.Second)
	}
	w.check()
}

func (w *world) update(mask int) {
	var instances []discovery.Instance
	w.present = map[string]bool{}
	for i := range worldSize {
		if mask>>i&1 == 1 {
			address := fmt.Sprintf("i%d:80", i)
			instances = append(instances, discovery.Instance{Address: address, Weight: mask >> 4 * i})
			w.present[address] = true
			w.gone[address] = false
		}
	}
	w.balancer.Update(instances)
}

func (w *world) nextCall() { w.tried, w.went = new(balance.Tried), map[string]bool{} }

func (w *world) pick() {
	usable, isUntriedLeft := map[string]bool{}, false
	for address, state := range states(w.balancer) {
		if state == balance.Up || state == balance.Failing {
			usable[address] = true
			isUntriedLeft = isUntriedLeft || !w.went[address]
		}
	}
	p, err := w.balancer.Pick(w.t.Context(), balance.PickInfo{Tried: w.tried})
	if len(w.present) == 0 {
		require.ErrorIs(w.t, err, balance.ErrNoInstances)
		return
	}
	require.NoError(w.t, err)
	address := p.Instance().Address
	require.True(w.t, usable[address], "%s is not in use", address)
	require.False(w.t, isUntriedLeft && w.went[address], "%s was tried", address)
	w.went[address] = true
	w.inFlight[address]++
	w.open = append(w.open, &p)
}

func (w *world) end(argument int, result balance.Result) {
	if len(w.open) == 0 {
		return
	}
	i := argument % len(w.open)
	p := w.open[i]
	w.open = append(w.open[:i], w.open[i+1:]...)
	w.inFlight[p.Instance().Address]--
	for range 2 { // the second has no effect
		p.Done(balance.Outcome{Result: result, Latency: time.Duration(argument) * time.Millisecond})
	}
}

func (w *world) check() {
	ejected := 0
	var share float64
	seen := map[string]bool{}
	for _, i := range w.balancer.Snapshot().Instances {
		address := i.Instance.Address
		require.False(w.t, seen[address])
		seen[address] = true
		require.Equal(w.t, w.inFlight[address], i.InFlight, address)
		require.Equal(w.t, !w.present[address], i.State == balance.Left, address)
		share += i.Share
		if i.State == balance.Ejected {
			ejected++
			require.True(w.t, time.Now().Before(i.Until))
		}
	}
	require.LessOrEqual(w.t, ejected, w.most(len(w.present)))
	require.LessOrEqual(w.t, share, 1.000001)
	for i := range worldSize {
		address := fmt.Sprintf("i%d:80", i)
		require.Equal(w.t, !w.present[address] && w.inFlight[address] == 0, w.gone[address], "%s: told that it is gone", address)
		require.Equal(w.t, w.present[address] || w.inFlight[address] > 0, seen[address], "%s is shown", address)
	}
}

func play(t *testing.T, script []byte) {
	synctest.Test(t, func(t *testing.T) {
		if len(script) == 0 {
			return
		}
		w := newWorld(t, script[0])
		for _, b := range script[1:] {
			w.step(b)
		}
	})
}

func FuzzBalancer(f *testing.F) {
	f.Add([]byte{0, 2, 2, 2, 5, 5, 5, 2, 2, 5, 5, 0x38, 2, 7, 2})
	f.Add([]byte{1, 2, 0, 2, 4, 0xf8, 2, 2, 2, 2, 2, 2, 2, 2})
	f.Fuzz(func(t *testing.T, script []byte) { play(t, script[:min(len(script), 500)]) })
}

func TestRandomScripts(t *testing.T) {
	for seed := range uint64(100) {
		script := make([]byte, 200)
		numbers := rand.New(rand.NewPCG(seed, 1))
		for i := range script {
			script[i] = byte(numbers.Uint32())
		}
		play(t, script)
	}
}
