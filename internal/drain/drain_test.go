// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/internal/drain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errCut = errors.New("cut")

// drainer is what a Gate and a Group have in common.
type drainer interface {
	enter() (leave func(), ok bool)
	close()
	drain(ctx context.Context)
}

type gate struct{ drain.Gate }

func (g *gate) enter() (func(), bool)     { return g.Leave, g.Enter() }
func (g *gate) close()                    { g.Close() }
func (g *gate) drain(ctx context.Context) { g.Drain(ctx) }

type group struct{ drain.Group }

func (g *group) enter() (func(), bool) {
	m := &drain.Member{}
	return m.Leave, g.Enter(m, nil)
}
func (g *group) close()                    { g.Close() }
func (g *group) drain(ctx context.Context) { g.Drain(ctx, errCut) }

// forEach runs a test with a Gate and with a Group, in virtual time. Both are made
// outside of the bubble.
func forEach(t *testing.T, test func(t *testing.T, d drainer)) {
	t.Helper()
	for name, d := range map[string]drainer{"Gate": &gate{}, "Group": &group{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, d) })
		})
	}
}

func mustEnter(t *testing.T, d drainer) (leave func()) {
	t.Helper()
	leave, ok := d.enter()
	if !ok {
		t.Fatal("rejected although it is open")
	}
	return leave
}

func TestClosingRejectsWhatComesAndKeepsWhatIsThere(t *testing.T) {
	forEach(t, func(t *testing.T, d drainer) {
		leave := mustEnter(t, d)
		d.close()
		if _, ok := d.enter(); ok {
			t.Error("it let one in after Close")
		}
		leave()
		if _, ok := d.enter(); ok {
			t.Error("it let one in after Close and the last Leave")
		}
		d.drain(t.Context()) // returns at once
	})
}

func TestDrainingWaitsForTheLast(t *testing.T) {
	forEach(t, func(t *testing.T, d drainer) {
		begun := time.Now()
		for i := range 20 {
			leave := mustEnter(t, d)
			time.AfterFunc(time.Duration(i)*time.Second, leave)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		d.drain(ctx)
		if took := time.Since(begun); took != 19*time.Second {
			t.Errorf("it took %s", took)
		}
		if _, ok := d.enter(); ok {
			t.Error("it let one in after Drain")
		}
	})
}

func TestDrainingEndsWithItsContext(t *testing.T) {
	forEach(t, func(t *testing.T, d drainer) {
		leave := mustEnter(t, d)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		d.drain(ctx)
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("it took %s", took)
		}
		leave()
		d.drain(t.Context())
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("with the second Drain it took %s", took)
		}
	})
}

func TestWhatIsEmptyDrainsAtOnce(t *testing.T) {
	forEach(t, func(t *testing.T, d drainer) {
		begun := time.Now()
		d.drain(t.Context())
		_, ok := d.enter()
		if took := time.Since(begun); took != 0 || ok {
			t.Errorf("it took %s and let one in: %t", took, ok)
		}
	})
}

func TestSeveralMayDrainAtOnce(t *testing.T) {
	forEach(t, func(t *testing.T, d drainer) {
		leave := mustEnter(t, d)
		var drained atomic.Int32
		for range 3 {
			go func() {
				d.drain(t.Context())
				drained.Add(1)
			}()
		}
		synctest.Wait()
		if n := drained.Load(); n != 0 {
			t.Errorf("%d did not wait", n)
		}
		leave()
		synctest.Wait()
		if n := drained.Load(); n != 3 {
			t.Errorf("%d of 3 have ended", n)
		}
	})
}

// TestDrainingUnderLoad: whatever enters while Drain begins is either rejected or
// waited for.
func TestDrainingUnderLoad(t *testing.T) {
	for name, d := range map[string]drainer{"Gate": &gate{}, "Group": &group{}} {
		t.Run(name, func(t *testing.T) {
			var inside atomic.Int32
			var wg sync.WaitGroup
			warm := make(chan struct{}, 8)
			for range 8 {
				wg.Go(func() {
					for i := 0; ; i++ {
						leave, ok := d.enter()
						if !ok {
							return
						}
						inside.Add(1)
						inside.Add(-1)
						leave()
						if i == 100 {
							warm <- struct{}{}
						}
					}
				})
			}
			for range 8 {
				<-warm
			}
			d.drain(t.Context())
			if n := inside.Load(); n != 0 {
				t.Errorf("%d are inside after Drain", n)
			}
			wg.Wait()
		})
	}
}
