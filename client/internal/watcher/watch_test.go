// SPDX-License-Identifier: Apache-2.0

package watcher_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/kernel"
)

var errGone = errors.New("the registry is gone")

// nilPointer is an error whose methods panic.
type nilPointer struct{ text string }

func (e *nilPointer) Error() string { return e.text }

// TestAWatchThatEndsBeginsAgain: whatever the user code does, what is known stays.
func TestAWatchThatEndsBeginsAgain(t *testing.T) {
	for name, c := range map[string]struct {
		end  func() error
		says string
	}{
		"returns nil":         {func() error { return nil }, "Watch returned before its context ended"},
		"fails":               {func() error { return errGone }, errGone.Error()},
		"panics":              {func() error { panic("boom") }, "panic: boom"},
		"exits its goroutine": {func() error { runtime.Goexit(); return nil }, "Watch called runtime.Goexit"},
		"returns a nil error": {func() error { var e *nilPointer; return e }, "its Error method panicked"},
		"returns a long text": {func() error { return errors.New(strings.Repeat("x", 1<<20)) }, "xxx..."},
	} {
		t.Run(name, func(t *testing.T) {
			test(t, func(t *testing.T, g *watcher.Group, l *log) {
				var isBroken atomic.Bool
				isBroken.Store(true)
				r := &resolver{watch: func(ctx context.Context, _ string, update func([]discovery.Instance)) error {
					if isBroken.Load() {
						update(at("a:80"))
						return c.end()
					}
					update(at("b:80"))
					<-ctx.Done()
					return ctx.Err()
				}}
				u := subscribe(g, r, "shop")
				assert.Equal(t, []string{"a:80"}, u.sets())
				require.Error(t, u.Failure())
				assert.Contains(t, u.Failure().Error(), strings.TrimSuffix(c.says, "..."))
				time.Sleep(time.Minute)
				assert.Equal(t, []string{"a:80"}, u.sets(), "what is known stays")
				isBroken.Store(false)
				time.Sleep(6 * time.Second)
				assert.Equal(t, []string{"a:80", "b:80"}, u.sets())
				require.NoError(t, u.Failure())
				assert.Equal(t, 1, l.count("level=WARN", "service=shop", "resolver=test", c.says), l)
				assert.Greater(t, l.count("level=DEBUG", c.says), 10, "the same again is no warning")
				assert.Less(t, len(l.String()), 50_000)
			})
		})
	}
}

func TestDelays(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, l *log) {
		for _, lasts := range []time.Duration{0, 10 * time.Second} {
			r := &resolver{}
			r.watch = func(ctx context.Context, _ string, _ func([]discovery.Instance)) error {
				time.Sleep(lasts)
				return errGone
			}
			u := subscribe(g, r, "shop")
			time.Sleep(10 * time.Minute)
			u.Close()
			synctest.Wait()
			var delays []time.Duration
			for i := 1; i < r.count(); i++ {
				delays = append(delays, r.watches[i].Sub(r.watches[i-1])-lasts)
			}
			different := map[time.Duration]bool{}
			for i, d := range delays {
				want := min(100*time.Millisecond<<min(i, 10), 5*time.Second)
				assert.InDelta(t, want, d, float64(want)/10, "delay %d of %v", i, delays[:10])
				different[d] = true
			}
			assert.Greater(t, len(different), 30, "the delays have jitter")
		}
	})
}

// A run that answers and lasts is a good one: the next delay is the first again.
func TestDelaysAfterAGoodRun(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, l *log) {
		r := &resolver{watch: func(_ context.Context, _ string, update func([]discovery.Instance)) error {
			update(at("a:80"))
			time.Sleep(time.Minute)
			return errGone
		}}
		subscribe(g, r, "shop")
		time.Sleep(time.Hour)
		for i := 1; i < r.count(); i++ {
			assert.InDelta(t, time.Minute+100*time.Millisecond, r.watches[i].Sub(r.watches[i-1]), float64(20*time.Millisecond))
		}
		assert.InDelta(t, 59, l.count("level=WARN", errGone.Error()), 2)
		assert.InDelta(t, 59, l.count("level=INFO", "answers again"), 2)
	})
}

func TestAResolverThatHangsHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := watcher.New(t.Context(), nil)
		leave := make(chan struct{})
		hangs := &resolver{watch: func(_ context.Context, _ string, update func([]discovery.Instance)) error {
			update(at("a:80"))
			<-leave
			return nil
		}}
		hangs.onRefresh = func(string) { <-leave }
		u, other := subscribe(g, hangs, "shop"), subscribe(g, waits(at("b:80")...), "shop")
		assert.Equal(t, []string{"a:80"}, u.sets())
		assert.Equal(t, []string{"b:80"}, other.sets())
		for range 1000 {
			u.Refresh()
		}
		synctest.Wait()
		assert.Less(t, runtime.NumGoroutine(), 100)
		u.Close()
		again := subscribe(g, hangs, "shop") // a watch of its own
		assert.Equal(t, []string{"a:80"}, again.sets())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, g.Close(ctx), context.DeadlineExceeded, "nothing ends what does not heed its context")
		close(leave)
		require.NoError(t, g.Close(t.Context()))
	})
}

// Updates of a run that has ended are ignored, and those of one that goes on come
// from any goroutine.
func TestUpdatesThatComeLate(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		var late []func([]discovery.Instance)
		r := &resolver{watch: func(ctx context.Context, _ string, update func([]discovery.Instance)) error {
			late = append(late, update)
			if len(late) == 1 {
				update(at("a:80"))
				return errGone
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		u := subscribe(g, r, "shop")
		assert.Equal(t, []string{"a:80"}, u.sets())
		late[0](at("b:80"))
		assert.Len(t, u.sets(), 1, "before the next run")
		time.Sleep(time.Second)
		synctest.Wait()
		late[0](at("b:80"))
		assert.Len(t, u.sets(), 1, "during the next run")
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() { late[1](at(fmt.Sprintf("c%d:80", i%3))) })
		}
		wg.Wait()
		late[1](at("d:80"))
		sets := u.sets()
		assert.Equal(t, "d:80", sets[len(sets)-1], "the last update counts")
		u.Close()
		late[1](at("e:80"))
		assert.Len(t, u.sets(), len(sets))
	})
}

func TestAnEmptySetIsDoubted(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := waits(at("a:80")...)
		u := subscribe(g, r, "shop")
		require.Len(t, u.sets(), 1)
		r.update()
		time.Sleep(grace - time.Second)
		assert.Len(t, u.sets(), 1)
		r.update(at("a:80", "b:80")...)
		time.Sleep(grace)
		assert.Equal(t, []string{"a:80", "a:80 b:80"}, u.sets())

		r.update()
		time.Sleep(grace - time.Second)
		r.update() // the same again
		joined := subscribe(g, r, "shop")
		assert.Equal(t, []string{"a:80 b:80"}, joined.sets(), "those who come during the doubt share it")
		time.Sleep(time.Second)
		assert.Equal(t, []string{"a:80", "a:80 b:80", ""}, u.sets())
		assert.Equal(t, []string{"a:80 b:80", ""}, joined.sets())
		assert.Equal(t, []string{""}, subscribe(g, r, "shop").sets(), "those who come later do not")
		r.update(at("c:80")...)
		assert.Equal(t, "c:80", u.sets()[3])
	})
}

func TestAFirstEmptySetIsBelieved(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		assert.Equal(t, []string{""}, subscribe(g, waits(), "shop").sets())
	})
}

func TestEachSubscriptionDoubtsForItsTime(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		r := waits(at("a:80")...)
		quick, slow, changed := subscribe(g, r, "shop"), subscribe(g, r, "shop"), subscribe(g, r, "shop")
		quick.SetEmptyGrace(0)
		synctest.Wait()
		r.update()
		assert.Equal(t, []string{"a:80", ""}, quick.sets())
		assert.Equal(t, []string{"a:80"}, slow.sets())
		changed.SetEmptyGrace(2 * time.Second)
		time.Sleep(3 * time.Second)
		assert.Equal(t, []string{"a:80", ""}, changed.sets())
		assert.Equal(t, []string{"a:80"}, slow.sets())
	})
}

func TestRubbishIsDroppedWithOneWarning(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, l *log) {
		r := silent()
		u := subscribe(g, r, "shop")
		synctest.Wait()
		rubbish := append(at("a:80", "A:80", "nonsense", "", "b:0", "\x1b[31m:80"), discovery.Instance{Address: "c:80", Weight: -1}, discovery.Instance{Address: "d:80"})
		for range 100 {
			r.update(rubbish...)
			synctest.Wait()
		}
		assert.Equal(t, []string{"a:80 d:80"}, u.sets())
		assert.Equal(t, 1, l.count("are not used"), l)
		assert.Equal(t, 1, l.count("level=WARN", "invalid=5", "duplicate=1", "service=shop"), l)
		r.update(at("a:80")...)
		synctest.Wait()
		r.update(rubbish...)
		synctest.Wait()
		assert.Equal(t, 2, l.count("are not used"), "once more after an answer that was good")
	})
}

func TestThereAreNotTooManyInstances(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, l *log) {
		many := numbered(100_000)
		r := waits(many[50_000:50_010]...)
		u := subscribe(g, r, "shop")
		before := strings.Fields(u.sets()[0])
		slices.Sort(before)
		for range 3 {
			rand.Shuffle(len(many), func(i, j int) { many[i], many[j] = many[j], many[i] })
			r.update(many...)
			used := strings.Fields(u.sets()[len(u.told)-1])
			assert.Len(t, used, watcher.MaxInstances)
			for _, address := range before {
				_, isThere := slices.BinarySearch(used, address)
				require.True(t, isThere, "what is in use stays")
			}
			before = used
		}
		assert.Len(t, u.sets(), 2, "the same instances are used each time")
		assert.Equal(t, 1, l.count("level=WARN", `"beyond the limit"=90000`, "there are more than 10000"), l)
	})
}

func TestRefresh(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		var asked []string
		r := waits(at("a:80")...)
		r.onRefresh = func(service string) { asked = append(asked, service) }
		u := subscribe(g, r, "shop")
		for range 100 {
			u.Refresh()
			synctest.Wait()
		}
		assert.Equal(t, []string{"shop"}, asked, "once a second")
		time.Sleep(1100 * time.Millisecond)
		u.Refresh()
		synctest.Wait()
		assert.Len(t, asked, 2)
		r.onRefresh = func(string) { panic("boom") }
		time.Sleep(1100 * time.Millisecond)
		u.Refresh()
		synctest.Wait()
		r.onRefresh = func(string) { runtime.Goexit() }
		time.Sleep(1100 * time.Millisecond)
		u.Refresh()
		synctest.Wait()
		r.onRefresh = func(service string) { asked = append(asked, service) }
		time.Sleep(1100 * time.Millisecond)
		u.Refresh()
		synctest.Wait()
		assert.Len(t, asked, 3)
		subscribe(g, discovery.Static(), "shop").Refresh() // no Refresher: nothing happens
	})
}

func TestAPanicNamesTheUsersCode(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		u := subscribe(g, &resolver{watch: func(context.Context, string, func([]discovery.Instance)) error { panic("boom") }}, "shop")
		synctest.Wait()
		var failure *kernel.PanicError
		require.ErrorAs(t, u.Failure(), &failure)
		assert.Contains(t, failure.Frames[0], "TestAPanicNamesTheUsersCode")
	})
}

// TestManyAtOnce runs users, updates and failures against each other; the
// race detector looks on. In the end everybody knows what was told last.
func TestManyAtOnce(t *testing.T) {
	test(t, func(t *testing.T, g *watcher.Group, _ *log) {
		var answers atomic.Int64
		r := &resolver{onRefresh: func(string) {}}
		r.watch = func(ctx context.Context, _ string, update func([]discovery.Instance)) error {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 20 {
						update(at(fmt.Sprintf("h%d:80", answers.Add(1)%5)))
						time.Sleep(time.Duration(rand.IntN(1000)))
					}
				})
			}
			wg.Wait()
			if answers.Load() < 1000 {
				return errGone
			}
			update(at("last:80"))
			<-ctx.Done()
			return ctx.Err()
		}
		var wg sync.WaitGroup
		stay := subscribe(g, r, "shop")
		for range 8 {
			wg.Go(func() {
				for range 50 {
					u := subscribe(g, r, "shop")
					time.Sleep(time.Duration(rand.IntN(int(time.Second))))
					u.Refresh()
					_ = u.Failure()
					u.Close()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute)
		sets := stay.sets()
		assert.Equal(t, "last:80", sets[len(sets)-1])
	})
}
