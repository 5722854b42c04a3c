// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/bufbuild/httplb/conn"
	"github.com/bufbuild/httplb/picker"
)

// BenchmarkPick measures the choice of an instance. PyFly's balancer is internal to
// its client: its rows are those of BenchmarkPick in client/internal/balance, which
// has the same floor.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { both(b, picks(n)) })
	}
}

// picks choose one of n instances, and say that the request to it is over.
func picks(n int) []subject {
	instances := logicalConns(make([]logicalConn, n))
	return []subject{
		floorOfPicks(n),
		pickOfHttplb("httplb, power of two", picker.NewPowerOfTwo(nil, instances)),
		pickOfHttplb("httplb, least loaded", picker.NewLeastLoadedRoundRobin(nil, instances)),
		pickOfHttplb("httplb, round robin", picker.NewRoundRobin(nil, instances)),
		pickOfHttplb("httplb, random", picker.NewRandom(nil, instances)),
	}
}

func pickOfHttplb(name string, picker picker.Picker) subject {
	request := new(http.Request)
	return subject{name: name, call: func() error {
		_, done, err := picker.Pick(request)
		if done != nil {
			done()
		}
		return err
	}}
}

// floorOfPicks is a snapshot, two draws and a comparison: nothing is counted.
func floorOfPicks(n int) subject {
	type instance struct {
		inFlight atomic.Int64
		_        [56]byte
	}
	type set struct{ instances []instance }
	var current atomic.Pointer[set]
	current.Store(&set{make([]instance, n)})
	var chosen atomic.Pointer[instance]
	return subject{name: "floor", call: func() error {
		s := current.Load()
		a, b := &s.instances[rand.IntN(len(s.instances))], &s.instances[rand.IntN(len(s.instances))]
		if b.inFlight.Load() < a.inFlight.Load() {
			a = b
		}
		if a.inFlight.Load() > 0 {
			chosen.Store(a)
		}
		return nil
	}}
}

// logicalConns is what httplb chooses from.
type logicalConns []logicalConn

func (c logicalConns) Len() int            { return len(c) }
func (c logicalConns) Get(i int) conn.Conn { return &c[i] }

type logicalConn struct {
	conn.Conn
	_ int // so that each has an address of its own
}
