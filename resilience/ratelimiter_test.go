// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// limited is a rate limiter whose admissions are written down.
type limited struct {
	*resilience.RateLimiter
	begun time.Time

	mu       sync.Mutex
	admitted []time.Duration // since begun
}

func newLimited(config resilience.RateLimiterConfig) *limited {
	return &limited{RateLimiter: resilience.NewRateLimiter(config), begun: time.Now()}
}

func (l *limited) call(ctx context.Context) error {
	return l.Execute(ctx, func(context.Context) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admitted = append(l.admitted, time.Since(l.begun))
		return nil
	})
}

// since returns how many calls have been admitted from a time on.
func (l *limited) since(from time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, at := range l.admitted {
		if at >= from {
			n++
		}
	}
	return n
}

// mostBeyond returns how many calls at most were admitted in any time beyond
// what the rate allows in it.
func (l *limited) mostBeyond(perSecond float64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	most, least := 0.0, math.Inf(1)
	for i, at := range l.admitted {
		excess := float64(i) - perSecond*at.Seconds()
		least = min(least, excess)
		most = max(most, excess-least+1)
	}
	return most
}

// storm calls from 64 goroutines until a time has passed: some wait for their
// turns, some give up while they wait, also at the moment of their turns, some
// have deadlines that are too near.
func (l *limited) storm(ctx context.Context, lasts time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var callers sync.WaitGroup
	for i := range 64 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		callers.Go(func() {
			for ctx.Err() == nil {
				giveUp := time.Duration(1+random.IntN(100)) * time.Millisecond
				switch i % 4 {
				case 0:
					_ = l.call(ctx)
				case 1:
					cancelled, cancel := context.WithCancel(ctx)
					time.AfterFunc(giveUp, cancel)
					_ = l.call(cancelled)
				case 2:
					short, cancel := context.WithTimeout(ctx, giveUp/20)
					_ = l.call(short)
					cancel()
				case 3:
					done, cancel := context.WithCancel(ctx)
					cancel()
					_ = l.call(done)
				}
				_ = until(time.Duration(2+random.IntN(14))*time.Millisecond, nil)(ctx) // what is rejected comes again
			}
		})
	}
	callers.Wait()
}

var limits = []resilience.RateLimiterConfig{
	{PerSecond: 100, Burst: 5},
	{PerSecond: 100, Burst: 10, MaxWait: 50 * time.Millisecond},
	{PerSecond: 100, Burst: 100, MaxWait: time.Hour},
	{PerSecond: 33.3, Burst: 1, MaxWait: time.Second},
	{PerSecond: 1000, Burst: 5, MaxWait: 10 * time.Millisecond},
	{PerSecond: 1000, Burst: 1000, MaxWait: time.Second},
}

func forEachLimit(t *testing.T, test func(t *testing.T, c resilience.RateLimiterConfig)) {
	for _, c := range limits {
		t.Run(fmt.Sprintf("%v a second, burst %d, wait %s", c.PerSecond, c.Burst, c.MaxWait), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, c) })
		})
	}
}

func TestARateLimiterKeepsItsRateInAStorm(t *testing.T) {
	forEachLimit(t, func(t *testing.T, c resilience.RateLimiterConfig) {
		const lasts = 10 * time.Second
		l := newLimited(c)
		l.storm(t.Context(), lasts)
		want := c.PerSecond*lasts.Seconds() + float64(c.Burst)
		if got := float64(len(l.admitted)); math.Abs(got-want) > want/100 {
			t.Errorf("%v calls admitted, want %v", got, want)
		}
		if most := l.mostBeyond(c.PerSecond); most > float64(c.Burst)+0.001 {
			t.Errorf("%.3f calls beyond the rate, want the burst at most", most)
		}
	})
}

// In real time, for here it is the race for the limiter that counts: virtual time
// stands still while calls run.
func TestARateLimiterKeepsItsRateUnderContention(t *testing.T) {
	for _, maxWait := range []time.Duration{0, 20 * time.Millisecond} {
		config := resilience.RateLimiterConfig{PerSecond: 100, Burst: 10, MaxWait: maxWait}
		l := newLimited(config)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		var callers sync.WaitGroup
		for i := range 64 {
			callers.Go(func() {
				for ctx.Err() == nil {
					short, cancel := ctx, context.CancelFunc(func() {})
					if i%3 == 0 {
						short, cancel = context.WithTimeout(ctx, time.Duration(i)*100*time.Microsecond)
					}
					_ = l.call(short)
					cancel()
				}
			})
		}
		callers.Wait()
		cancel()
		most := config.PerSecond*time.Since(l.begun).Seconds() + float64(config.Burst)
		if n := float64(len(l.admitted)); n > most {
			t.Errorf("with a wait of %s, %v calls admitted, want %.0f at most", maxWait, n, most)
		}
	}
}

func TestARateLimiterRecoversAtOnceFromAStorm(t *testing.T) {
	forEachLimit(t, func(t *testing.T, c resilience.RateLimiterConfig) {
		l := newLimited(c)
		l.storm(t.Context(), 2*time.Second)
		time.Sleep(100 * time.Millisecond) // virtual
		from := time.Since(l.begun)
		l.storm(t.Context(), time.Second)
		if got := float64(l.since(from)); got < 0.99*c.PerSecond-1 {
			t.Errorf("%v calls admitted in the second after the storm, want %v", got, c.PerSecond)
		}
	})
}

// Calls that are rejected at once, or give up, take nothing from those to come.
func TestWhoGivesUpTakesNoTurn(t *testing.T) {
	for name, giveUp := range map[string]func(t *testing.T, l *limited){
		"a deadline too near": func(t *testing.T, l *limited) {
			short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			for range 100 {
				if err := l.call(short); !errors.Is(err, resilience.ErrRateLimitReached) {
					t.Fatal(err)
				}
			}
		},
		"a wait too long": func(t *testing.T, l *limited) {
			if err := l.Reconfigure(resilience.RateLimiterConfig{PerSecond: 10, Burst: 1}); err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if err := l.call(t.Context()); !errors.Is(err, resilience.ErrRateLimitReached) {
					t.Fatal(err)
				}
			}
		},
		"a context that ends": func(t *testing.T, l *limited) {
			cancelled, cancel := context.WithCancel(t.Context())
			var waiting sync.WaitGroup
			for range 100 {
				waiting.Go(func() {
					if err := l.call(cancelled); !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			cancel()
			waiting.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := resilience.RateLimiterConfig{PerSecond: 10, Burst: 1, MaxWait: time.Minute}
				l := newLimited(config)
				want := []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}
				if err := l.call(t.Context()); err != nil {
					t.Fatal(err)
				}
				giveUp(t, l)
				if err := l.Reconfigure(config); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := l.call(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if !slices.Equal(l.admitted, want) {
					t.Errorf("admitted at %v, want %v", l.admitted, want)
				}
			})
		})
	}
}

func TestTurnsComeInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		givesUp map[int]time.Duration // when, by call
		want    map[int]time.Duration // when each of the others is admitted
	}{
		"nobody gives up": {nil, map[int]time.Duration{1: 1, 2: 2, 3: 3, 4: 4}},
		"the first":       {map[int]time.Duration{1: 0}, map[int]time.Duration{2: 1, 3: 2, 4: 3}},
		"one in between":  {map[int]time.Duration{2: 0}, map[int]time.Duration{1: 1, 3: 2, 4: 3}},
		"the last":        {map[int]time.Duration{4: 0}, map[int]time.Duration{1: 1, 2: 2, 3: 3}},
		"two":             {map[int]time.Duration{1: 0, 3: 1}, map[int]time.Duration{2: 1, 4: 2}},
		"after some time": {map[int]time.Duration{3: 2}, map[int]time.Duration{1: 1, 2: 2, 4: 3}},
		"all but one":     {map[int]time.Duration{1: 0, 2: 0, 4: 0}, map[int]time.Duration{3: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 1, Burst: 1, MaxWait: time.Hour})
				_ = l.Execute(t.Context(), succeed)
				begun := time.Now()
				var mu sync.Mutex
				got := map[int]time.Duration{}
				var calls sync.WaitGroup
				for i := 1; i <= 4; i++ {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if at, ok := c.givesUp[i]; ok { // half a second later
						time.AfterFunc(at*time.Second+500*time.Millisecond, cancel)
					}
					calls.Go(func() {
						_ = l.Execute(ctx, func(context.Context) error {
							mu.Lock()
							defer mu.Unlock()
							got[i] = time.Since(begun)
							return nil
						})
					})
					synctest.Wait()
				}
				calls.Wait()
				for i := 1; i <= 4; i++ {
					if at, want := got[i], c.want[i]*time.Second; at != want {
						t.Errorf("call %d at %s, want %s", i, at, want)
					}
				}
			})
		})
	}
}

// A call whose context ends at the very moment of its turn runs with a turn, or
// gives it back.
func TestACallCancelledAtItsTurnLosesNone(t *testing.T) {
	for range 50 { // which of the two comes first is chance
		synctest.Test(t, func(t *testing.T) {
			l := newLimited(resilience.RateLimiterConfig{PerSecond: 10, Burst: 1, MaxWait: time.Hour})
			_ = l.call(t.Context())
			var calls sync.WaitGroup
			for i := range 10 {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%2 == 0 {
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				calls.Go(func() { _ = l.call(ctx) })
				synctest.Wait()
			}
			calls.Wait()
			if n := len(l.admitted); n != 6 && n != 7 || l.mostBeyond(10) > 1.001 {
				t.Errorf("admitted at %v", l.admitted)
			}
			if last := l.admitted[len(l.admitted)-1]; last != time.Duration(len(l.admitted)-1)*100*time.Millisecond {
				t.Errorf("admitted at %v: a turn is lost", l.admitted)
			}
		})
	}
}

func TestAChangedRateHoldsAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		from, to resilience.RateLimiterConfig
	}{
		"faster": {
			resilience.RateLimiterConfig{PerSecond: 0.1, Burst: 1, MaxWait: time.Hour},
			resilience.RateLimiterConfig{PerSecond: 1000, Burst: 1, MaxWait: time.Hour},
		},
		"slower": {
			resilience.RateLimiterConfig{PerSecond: 1000, Burst: 1, MaxWait: 10 * time.Second},
			resilience.RateLimiterConfig{PerSecond: 50, Burst: 1, MaxWait: time.Second},
		},
		"much slower": {
			resilience.RateLimiterConfig{PerSecond: 1e6, Burst: 1, MaxWait: time.Hour},
			resilience.RateLimiterConfig{PerSecond: 20, Burst: 1, MaxWait: 200 * time.Millisecond},
		},
		"no wait": {
			resilience.RateLimiterConfig{PerSecond: 100, Burst: 1, MaxWait: time.Minute},
			resilience.RateLimiterConfig{PerSecond: 100, Burst: 5},
		},
		"another burst": {
			resilience.RateLimiterConfig{PerSecond: 100, Burst: 1000, MaxWait: time.Minute},
			resilience.RateLimiterConfig{PerSecond: 100, Burst: 1, MaxWait: time.Minute},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimited(c.from)
				const soon = 100 * time.Microsecond
				var waiting sync.WaitGroup
				var tooLong atomic.Int32
				for range c.from.Burst + 500 {
					waiting.Go(func() {
						begun := time.Now()
						err := l.call(t.Context())
						if time.Since(begun) > c.to.MaxWait+soon || err != nil && !errors.Is(err, resilience.ErrRateLimitReached) {
							tooLong.Add(1)
						}
					})
				}
				synctest.Wait()
				time.Sleep(soon) // virtual
				if err := l.Reconfigure(c.to); err != nil {
					t.Fatal(err)
				}
				from, before := time.Since(l.begun), l.since(0)
				l.storm(t.Context(), 3*time.Second)
				waiting.Wait()
				if n := tooLong.Load(); n > 0 {
					t.Errorf("%d calls have waited longer than they may", n)
				}
				passed := time.Since(l.begun) - from
				want := c.to.PerSecond * passed.Seconds()
				if got := float64(l.since(0) - before); math.Abs(got-want) > want/100+1 {
					t.Errorf("%v calls admitted, want %v", got, want)
				}
			})
		})
	}
}

func TestAFasterRateShortensAWaitUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(resilience.RateLimiterConfig{PerSecond: 0.1, Burst: 1, MaxWait: time.Minute})
		_ = l.call(t.Context())
		time.AfterFunc(5*time.Second, func() { // half a token is there
			if err := l.Reconfigure(resilience.RateLimiterConfig{PerSecond: 1, Burst: 1, MaxWait: time.Minute}); err != nil {
				t.Error(err)
			}
		})
		if err := l.call(t.Context()); err != nil || l.admitted[1] != 5500*time.Millisecond {
			t.Errorf("%v, admitted at %v", err, l.admitted)
		}
	})
}

// What waits for longer than it may after a change is told so at once.
func TestAChangedRateRejectsWhoWouldWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 10, Burst: 1, MaxWait: time.Minute})
		_ = l.Execute(t.Context(), succeed)
		begun := time.Now()
		limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		errs, took := make([]error, 4), make([]time.Duration, 4)
		var calls sync.WaitGroup
		for i, ctx := range []context.Context{limited, t.Context(), limited, t.Context()} {
			calls.Go(func() {
				errs[i] = l.Execute(ctx, succeed)
				took[i] = time.Since(begun)
			})
			synctest.Wait()
		}
		if err := l.Reconfigure(resilience.RateLimiterConfig{Name: "new", PerSecond: 0.25, Burst: 1, MaxWait: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		calls.Wait()
		var rejected *resilience.RejectedError
		if errs[0] != nil || errs[1] != nil || took[0] != 4*time.Second || took[1] != 8*time.Second {
			t.Errorf("the first two: %v after %v", errs[:2], took[:2])
		}
		for i := 2; i < 4; i++ {
			if !errors.As(errs[i], &rejected) || rejected.Name != "new" || rejected.RetryAfter != 12*time.Second || took[i] != 0 {
				t.Errorf("call %d: %v after %s", i, errs[i], took[i])
			}
		}
	})
}

func TestALimiterMadeWithAWrongConfigurationStaysSo(t *testing.T) {
	l := resilience.NewRateLimiter(resilience.RateLimiterConfig{})
	if err := l.Reconfigure(resilience.RateLimiterConfig{PerSecond: 1}); !errors.Is(err, kernel.ErrConfig) {
		t.Errorf("got %v", err)
	}
	if err := l.Execute(t.Context(), succeed); !errors.Is(err, kernel.ErrConfig) {
		t.Errorf("got %v", err)
	}
}
