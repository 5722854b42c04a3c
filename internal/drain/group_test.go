// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/internal/drain"
)

// cancelled is a context that is done.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAGroupCutsWhoIsLeft(t *testing.T) {
	type work struct {
		drain.Member
		causes []error
	}
	var g drain.Group
	left, there := make([]*work, 50), make([]*work, 50)
	for _, all := range [][]*work{left, there} {
		for i := range all {
			w := &work{}
			if !g.Enter(&w.Member, func(cause error) { w.causes = append(w.causes, cause) }) {
				t.Fatal("an open group rejected one")
			}
			all[i] = w
		}
	}
	for _, w := range left {
		w.Leave()
	}
	late := &work{}
	if cut := g.Drain(cancelled(t), errCut); cut != len(there) {
		t.Errorf("%d were cut, want %d", cut, len(there))
	}
	if g.Enter(&late.Member, nil) {
		t.Error("a drained group let one in")
	}
	late.Leave() // changes nothing
	for _, w := range left {
		if len(w.causes) != 0 || w.IsCut() || !w.HasLeft() {
			t.Fatalf("one that had left was cancelled by %v; left: %t", w.causes, w.HasLeft())
		}
	}
	for _, w := range there {
		if len(w.causes) != 1 || w.causes[0] != errCut || !w.IsCut() || w.HasLeft() {
			t.Fatalf("one that was there was cancelled by %v; cut: %t, left: %t", w.causes, w.IsCut(), w.HasLeft())
		}
		w.Leave()
		w.Leave()
	}
	if cut := g.Drain(cancelled(t), errCut); cut != 0 {
		t.Errorf("the second Drain cut %d", cut)
	}
}

func TestWhoHasNothingToCancelIsCutAllTheSame(t *testing.T) {
	var g drain.Group
	var m drain.Member
	g.Enter(&m, nil)
	if cut := g.Drain(cancelled(t), errCut); cut != 1 || !m.IsCut() {
		t.Errorf("%d were cut; this one: %t", cut, m.IsCut())
	}
}

// TestACancelFunctionMayLeave: what it calls may end the member, and others.
func TestACancelFunctionMayLeave(t *testing.T) {
	var g drain.Group
	members := make([]drain.Member, 100)
	for i := range members {
		g.Enter(&members[i], func(error) {
			for j := range members {
				members[j].Leave()
			}
		})
	}
	if cut := g.Drain(cancelled(t), errCut); cut != 1 {
		t.Errorf("%d were cut, want the first only: it let the others leave", cut)
	}
}

// TestAGroupFindsAllWhoEnterWhileItIsCut: each is either rejected or cut, or has
// left by itself.
func TestAGroupFindsAllWhoEnterWhileItIsCut(t *testing.T) {
	for range 100 {
		var g drain.Group
		var entered, cut atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					if !g.Enter(&drain.Member{}, func(error) { cut.Add(1) }) {
						return
					}
					entered.Add(1)
				}
			})
		}
		counted := g.Drain(cancelled(t), errCut)
		wg.Wait()
		if entered.Load() != cut.Load() || int(cut.Load()) != counted {
			t.Fatalf("%d entered, %d were cancelled, %d counted", entered.Load(), cut.Load(), counted)
		}
	}
}
