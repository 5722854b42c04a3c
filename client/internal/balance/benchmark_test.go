// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
)

// BenchmarkPick measures a pick and its done, with the times given. The floor is a
// snapshot, two draws and a comparison.
func BenchmarkPick(b *testing.B) {
	sizes := []int{10, 100, 1000}
	for _, size := range sizes {
		both(b, fmt.Sprintf("floor-%d", size), floorOf(size))
	}
	for _, policy := range policies {
		for _, weighted := range []bool{false, true} {
			for _, size := range sizes {
				name := policy
				if weighted {
					name += ", weights"
				}
				both(b, fmt.Sprintf("%s-%d", name, size), pickOf(b, policy, size, weighted))
			}
		}
	}
}

func both(b *testing.B, name string, call func()) {
	b.Run(name+"/serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			call()
		}
	})
	b.Run(name+"/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				call()
			}
		})
	})
}

// pickOf returns a function that picks one of so many instances and has it succeed.
func pickOf(t testing.TB, policy string, size int, weighted bool) func() {
	b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: policy}})
	instances := equal(size)
	if weighted {
		for i := range instances {
			instances[i].Weight = 1 + i%10
		}
	}
	b.Update(instances)
	ctx, now := t.Context(), time.Now()
	return func() {
		p, err := b.Pick(ctx, balance.PickInfo{At: now})
		if err != nil {
			panic(err)
		}
		p.Done(balance.Outcome{Result: balance.Success, Latency: 300 * time.Microsecond, At: now})
	}
}

// floorOf is the least that a choice of the better of two can cost, without counting.
func floorOf(size int) func() {
	type instance struct {
		inFlight atomic.Int64
		_        [56]byte
	}
	type set struct{ instances []instance }
	var current atomic.Pointer[set]
	current.Store(&set{make([]instance, size)})
	var chosen atomic.Pointer[instance]
	return func() {
		s := current.Load()
		a, b := &s.instances[rand.IntN(len(s.instances))], &s.instances[rand.IntN(len(s.instances))]
		if b.inFlight.Load() < a.inFlight.Load() {
			a = b
		}
		if a.inFlight.Load() > 0 {
			chosen.Store(a)
		}
	}
}
