// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"context"
	"testing"

	"github.com/pyfly-go/pyfly/internal/drain"
)

func TestNeitherAllocates(t *testing.T) {
	var gate drain.Gate
	if n := testing.AllocsPerRun(100, func() { gate.Enter(); gate.Leave() }); n != 0 {
		t.Errorf("a Gate allocates %v times", n)
	}
	var group drain.Group
	members := make([]drain.Member, 102)
	next := 0
	if n := testing.AllocsPerRun(100, func() {
		m := &members[next]
		next++
		group.Enter(m, nil)
		m.Leave()
	}); n != 0 {
		t.Errorf("a Group allocates %v times", n)
	}
}

func BenchmarkGate(b *testing.B) {
	var g drain.Gate
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g.Enter()
			g.Leave()
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	var g drain.Group
	_, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m := &drain.Member{}
			g.Enter(m, cancel)
			m.Leave()
		}
	})
}
