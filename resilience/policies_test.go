// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// until is a call that takes some time, unless its context is done before.
func until(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestATimeout(t *testing.T) {
	for name, c := range map[string]struct {
		limit, takes, callersLimit time.Duration
		err                        error
		want                       time.Duration // how long it takes
		timeout, callers           bool
	}{
		"in time":               {limit: time.Second, takes: 999 * time.Millisecond, want: 999 * time.Millisecond},
		"too late":              {limit: time.Second, takes: 2 * time.Second, want: time.Second, timeout: true},
		"the default":           {takes: time.Minute, want: 30 * time.Second, timeout: true},
		"none":                  {limit: resilience.NoDelay, takes: time.Hour, want: time.Hour},
		"the caller's is first": {limit: time.Minute, takes: time.Hour, callersLimit: time.Second, want: time.Second, callers: true},
		"an error of its own":   {limit: time.Second, takes: time.Millisecond, err: errDown, want: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.callersLimit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.callersLimit)
					defer cancel()
				}
				begun := time.Now()
				err := resilience.NewTimeout(resilience.TimeoutConfig{Limit: c.limit}).Execute(ctx, until(c.takes, c.err))
				var timeout *resilience.TimeoutError
				if took := time.Since(begun); took != c.want || errors.As(err, &timeout) != c.timeout ||
					errors.Is(err, context.DeadlineExceeded) != (c.timeout || c.callers) || c.err != nil && err != c.err {
					t.Errorf("after %s: %v", took, err)
				}
			})
		})
	}
}

func TestATimeoutKeepsALateResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timeout := resilience.NewTimeout(resilience.TimeoutConfig{Limit: time.Second})
		err := timeout.Execute(t.Context(), func(context.Context) error {
			time.Sleep(time.Minute) // virtual, and deaf
			return nil
		})
		if err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestABulkheadHandsPlacesOverInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewBulkhead(resilience.BulkheadConfig{Name: "prices", MaxConcurrent: 1, MaxQueue: 2})
		var order []int
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				err := b.Execute(t.Context(), func(ctx context.Context) error {
					order = append(order, i)
					return until(time.Second, nil)(ctx)
				})
				var refused *resilience.RejectedError
				if isRefused := errors.As(err, &refused); isRefused != (i == 3) || isRefused && (refused.Name != "prices" || !errors.Is(err, resilience.ErrBulkheadFull)) {
					t.Errorf("%d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("the order is %v", order)
		}
	})
}

func TestABulkheadFreesThePlaceOfAPanic(t *testing.T) {
	b := resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 1})
	func() {
		defer func() { _ = recover() }()
		_ = b.Execute(t.Context(), func(context.Context) error { panic("no") })
	}()
	if err := b.Execute(t.Context(), succeed); err != nil {
		t.Error(err)
	}
}

func TestABulkheadCanBeMadeLargerAndSmaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 1, MaxQueue: 10})
		release := make(chan struct{})
		var inside atomic.Int32
		for range 6 {
			go func() {
				_ = b.Execute(context.Background(), func(context.Context) error {
					inside.Add(1)
					defer inside.Add(-1)
					<-release
					return nil
				})
			}()
		}
		want := func(n int32) {
			t.Helper()
			synctest.Wait()
			if got := inside.Load(); got != n {
				t.Errorf("%d inside, want %d", got, n)
			}
		}
		want(1)
		if err := b.Reconfigure(resilience.BulkheadConfig{MaxConcurrent: 3, MaxQueue: 10}); err != nil {
			t.Error(err)
		}
		want(3)
		if err := b.Reconfigure(resilience.BulkheadConfig{MaxConcurrent: 1, MaxQueue: 10}); err != nil {
			t.Error(err)
		}
		for _, n := range []int32{2, 1, 1, 1} {
			release <- struct{}{}
			want(n)
		}
		close(release)
		want(0)
		if err := b.Reconfigure(resilience.BulkheadConfig{MaxQueue: -1}); !errors.Is(err, kernel.ErrConfig) {
			t.Errorf("got %v", err)
		}
	})
}

func TestARateLimiterWaitsAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewRateLimiter(resilience.RateLimiterConfig{Name: "prices", PerSecond: 2, Burst: 1, MaxWait: 600 * time.Millisecond})
		begun := time.Now()
		run := func(ctx context.Context) (time.Duration, error) {
			var at time.Duration
			err := l.Execute(ctx, func(context.Context) error {
				at = time.Since(begun)
				return nil
			})
			return at, err
		}
		for i, want := range []time.Duration{0, 500 * time.Millisecond, time.Second} {
			if at, err := run(t.Context()); at != want || err != nil {
				t.Errorf("call %d at %s, %v; want %s", i, at, err, want)
			}
		}
		var refused *resilience.RejectedError
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := run(short); !errors.As(err, &refused) || refused.RetryAfter != 500*time.Millisecond || !errors.Is(err, resilience.ErrRateLimitReached) {
			t.Errorf("a deadline before its turn: %v", err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(100 * time.Millisecond) // virtual
			cancel()
		}()
		if _, err := run(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while it waits: %v", err)
		}
		if at, err := run(t.Context()); at != 1500*time.Millisecond || err != nil {
			t.Errorf("after them at %s, %v: what they had reserved is lost", at, err)
		}
		if err := l.Reconfigure(resilience.RateLimiterConfig{PerSecond: 1000}); err != nil {
			t.Error(err)
		}
		for range 500 {
			if _, err := run(t.Context()); err != nil {
				break
			}
		}
		if err := l.Reconfigure(resilience.RateLimiterConfig{}); !errors.Is(err, kernel.ErrConfig) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAHedgeTakesTheFirstAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		takes []time.Duration // by attempt; beyond: no answer
		errs  []error
		want  int // the attempt that wins; 0: the first one's error
		after time.Duration
		runs  int32
	}{
		"at once":             {[]time.Duration{50 * time.Millisecond}, nil, 1, 50 * time.Millisecond, 1},
		"the second":          {[]time.Duration{time.Minute, 10 * time.Millisecond}, nil, 2, 110 * time.Millisecond, 2},
		"the first after all": {[]time.Duration{150 * time.Millisecond, time.Minute}, nil, 1, 150 * time.Millisecond, 2},
		"the third":           {[]time.Duration{time.Minute, time.Minute, time.Millisecond}, nil, 3, 201 * time.Millisecond, 3},
		"no more":             {[]time.Duration{time.Second, time.Minute, time.Minute}, nil, 1, time.Second, 3},
		"fails before":        {[]time.Duration{50 * time.Millisecond}, []error{errDown}, 0, 50 * time.Millisecond, 1},
		"one fails":           {[]time.Duration{150 * time.Millisecond, 80 * time.Millisecond}, []error{errDown, nil}, 2, 180 * time.Millisecond, 2},
		"all fail":            {[]time.Duration{150 * time.Millisecond, 80 * time.Millisecond}, []error{errDown, errors.New("other")}, 0, 180 * time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var runs atomic.Int32
				var won int
				h := resilience.NewHedge(resilience.HedgeConfig{Delay: 100 * time.Millisecond, MaxHedges: 2, OnHedgeWon: func(n int) { won = n }})
				begun := time.Now()
				got, err := resilience.Call(t.Context(), h, func(ctx context.Context) (int, error) {
					n := resilience.AttemptOf(ctx)
					runs.Add(1)
					var fails error
					if n <= len(c.errs) {
						fails = c.errs[n-1]
					}
					return n, until(c.takes[n-1], fails)(ctx)
				})
				took := time.Since(begun)
				if got != c.want || took != c.after || runs.Load() != c.runs {
					t.Errorf("attempt %d of %d after %s, %v", got, runs.Load(), took, err)
				}
				if c.want == 0 && err != errDown || c.want > 0 && err != nil {
					t.Errorf("got %v", err)
				}
				if wantWon := c.want; wantWon > 1 && won != wantWon {
					t.Errorf("told that %d won", won)
				}
				synctest.Wait() // the losers end
			})
		})
	}
}

func TestAHedgeHeedsItsCallerAndItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		budget := resilience.NewRetryBudget(resilience.RetryBudgetConfig{Ratio: -1, MinPerSecond: 1})
		h := resilience.NewHedge(resilience.HedgeConfig{Delay: time.Millisecond, MaxHedges: 5, Budget: budget})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		err := h.Execute(ctx, func(ctx context.Context) error {
			runs.Add(1)
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || runs.Load() != 2 {
			t.Errorf("%v after %d attempts, want 2", err, runs.Load())
		}
		cancel()
		if err := h.Execute(ctx, succeed); err == nil {
			t.Error("it ran although its context was done")
		}
		synctest.Wait()
	})
}

func TestAPanicOfAHedgedCallGoesOn(t *testing.T) {
	defer func() {
		if r := recover(); r != "no" {
			t.Errorf("recovered %v", r)
		}
	}()
	_ = resilience.NewHedge(resilience.HedgeConfig{}).Execute(t.Context(), func(context.Context) error { panic("no") })
}

func TestAHedgeLearnsItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var after []time.Duration
		h := resilience.NewHedge(resilience.HedgeConfig{
			Delay: time.Minute, Quantile: 0.9, OnHedge: func(_ int, d time.Duration) { after = append(after, d) },
		})
		for i := range 30 {
			if err := h.Execute(t.Context(), until(time.Duration(10+i%10)*time.Millisecond, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if len(after) > 2 {
			t.Errorf("%d calls were hedged while the delay was learnt", len(after))
		}
		after = nil
		_ = h.Execute(t.Context(), until(time.Second, nil))
		if !slices.Equal(after, []time.Duration{19 * time.Millisecond}) {
			t.Errorf("hedged after %v, want 19ms", after)
		}
		synctest.Wait()
	})
}

// service is one whose calls take longer the more there are beyond its
// capacity.
type service struct {
	capacity int32
	active   atomic.Int32
}

func (s *service) call(ctx context.Context) error {
	n := s.active.Add(1)
	defer s.active.Add(-1)
	return until(time.Duration(max(1, float64(n)/float64(s.capacity))*float64(100*time.Millisecond)), nil)(ctx)
}

func TestAnAdaptiveLimiterFindsTheCapacity(t *testing.T) {
	for _, capacity := range []int32{10, 40} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{capacity: capacity}
			l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{MaxLimit: 2000})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Second, cancel) // virtual: several periods
			var wg sync.WaitGroup
			for range 200 { // as many as there may ever be
				wg.Go(func() {
					for ctx.Err() == nil {
						if errors.Is(l.Execute(ctx, s.call), resilience.ErrBulkheadFull) {
							_ = until(100*time.Millisecond, nil)(ctx)
						}
					}
				})
			}
			wg.Wait()
			if limit := l.Limit(); limit < int(capacity) || limit > 4*int(capacity) {
				t.Errorf("the limit is %d for a capacity of %d", limit, capacity)
			}
		})
	}
}

func TestAnAdaptiveLimiterGivesWayToOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{InitialLimit: 100, MinLimit: 5})
		overloaded := func(context.Context) error { return context.DeadlineExceeded }
		for range 50 { // at once: one step
			_ = l.Execute(t.Context(), overloaded)
		}
		if limit := l.Limit(); limit != 90 {
			t.Errorf("the limit is %d, want 90", limit)
		}
		for range 100 {
			time.Sleep(time.Second) // virtual
			_ = l.Execute(t.Context(), overloaded)
		}
		if limit := l.Limit(); limit != 5 {
			t.Errorf("the limit is %d, want 5", limit)
		}
		func() {
			defer func() { _ = recover() }()
			_ = l.Execute(t.Context(), func(context.Context) error { panic("no") })
		}()
		release := make(chan struct{})
		var wg sync.WaitGroup
		for range 5 { // the place of the panic is free
			wg.Go(func() {
				if err := l.Execute(context.Background(), func(context.Context) error { <-release; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if err := l.Execute(t.Context(), succeed); !errors.Is(err, resilience.ErrBulkheadFull) {
			t.Errorf("the sixth: %v", err)
		}
		close(release)
		wg.Wait()
	})
}

func TestAFallbackAnswers(t *testing.T) {
	instead := errors.New("instead")
	f := resilience.NewFallback(func(_ context.Context, cause error) error {
		if errors.Is(cause, errDown) {
			return nil
		}
		return instead
	}, nil)
	cancelled, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		policy *resilience.Fallback
		fn     func(context.Context) error
		ctx    context.Context
		want   error
	}{
		"success":         {f, succeed, t.Context(), nil},
		"answered":        {f, func(context.Context) error { return errDown }, t.Context(), nil},
		"another error":   {f, func(context.Context) error { return errors.New("x") }, t.Context(), instead},
		"cancelled":       {f, func(context.Context) error { cancel(); return errDown }, cancelled, errDown},
		"not its error":   {resilience.NewFallback(func(context.Context, error) error { return nil }, resilience.Errors(instead)), func(context.Context) error { return errDown }, t.Context(), errDown},
		"no function":     {resilience.NewFallback(nil, nil), succeed, t.Context(), kernel.ErrConfig},
		"an open circuit": {resilience.NewFallback(func(context.Context, error) error { return nil }, resilience.Errors(kernel.ErrCircuitOpen)), func(context.Context) error { return kernel.ErrCircuitOpen }, t.Context(), nil},
	} {
		if err := c.policy.Execute(c.ctx, c.fn); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestTheLastGoodAnswerTakesThePlaceOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stale []time.Duration
		l := resilience.NewLastGood[string, int](resilience.LastGoodConfig{
			MaxAge: time.Minute, MaxEntries: 2, OnStale: func(age time.Duration, _ error) { stale = append(stale, age) },
		})
		call := func(key string, value int, err error) (int, error) {
			return l.Call(t.Context(), key, func(context.Context) (int, error) { return value, err })
		}
		if _, err := call("a", 0, errDown); err != errDown {
			t.Errorf("nothing is kept: %v", err)
		}
		_, _ = call("a", 1, nil)
		time.Sleep(time.Minute) // virtual
		if v, err := call("a", 0, errDown); v != 1 || err != nil || !slices.Equal(stale, []time.Duration{time.Minute}) {
			t.Errorf("got %d, %v, %v", v, err, stale)
		}
		time.Sleep(time.Nanosecond)
		if _, err := call("a", 0, errDown); err != errDown {
			t.Errorf("too old: %v", err)
		}
		_, _ = call("a", 1, nil)
		_, _ = call("b", 2, nil)
		_, _ = call("a", 0, errDown) // used later than b
		_, _ = call("c", 3, nil)
		for key, want := range map[string]int{"a": 1, "b": 0, "c": 3} {
			if v, err := call(key, 0, errDown); v != want || (err == nil) != (want != 0) {
				t.Errorf("%s: %d, %v", key, v, err)
			}
		}
	})
}

func TestAPipelineRunsItsPoliciesFromTheOutsideIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 4})
		p := resilience.NewPipeline(
			resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 10}),
			resilience.NewTimeout(resilience.TimeoutConfig{Limit: time.Minute}),
			nil,
			resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: time.Second, Breaker: breaker}),
			breaker,
			resilience.NewTimeout(resilience.TimeoutConfig{Limit: 10 * time.Second}),
		)
		attempts := 0
		value, err := resilience.Call(t.Context(), p, func(ctx context.Context) (int, error) {
			attempts++
			if attempts < 3 {
				return 0, until(time.Hour, nil)(ctx)
			}
			return attempts, nil
		})
		if value != 3 || err != nil {
			t.Errorf("got %d, %v", value, err)
		}
		begun := time.Now()
		attempts = math.MinInt
		_, err = resilience.Call(t.Context(), p, func(ctx context.Context) (int, error) {
			return 0, until(time.Hour, nil)(ctx)
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 33*time.Second {
			t.Errorf("got %v after %s", err, time.Since(begun))
		}
		begun = time.Now()
		err = p.Execute(t.Context(), func(context.Context) error { return errDown }) // the fourth failure opens
		if !errors.Is(err, kernel.ErrCircuitOpen) || time.Since(begun) != 0 {
			t.Errorf("got %v after %s: no delay is waited for before a refusal", err, time.Since(begun))
		}
	})
}

func TestAnEmptyPipelineRunsTheCall(t *testing.T) {
	if err := resilience.NewPipeline().Execute(t.Context(), func(context.Context) error { return errDown }); err != errDown {
		t.Errorf("got %v", err)
	}
}

// TestANilPolicyIsLeftOut also takes pointers that are nil: a policy that is not
// configured often is one.
func TestANilPolicyIsLeftOut(t *testing.T) {
	var (
		breaker  *resilience.CircuitBreaker
		retry    *resilience.RetryPolicy
		hedge    *resilience.Hedge
		pipeline *resilience.Pipeline
		own      *ownPointer
	)
	p := resilience.NewPipeline(nil, breaker, retry, hedge, pipeline, resilience.NewPipeline(nil, breaker), own)
	assert.Equal(t, errDown, p.Execute(t.Context(), func(context.Context) error { return errDown }))
	got, err := resilience.Call(t.Context(), p, func(context.Context) (int, error) { return 1, nil })
	assert.NoError(t, err)
	assert.Equal(t, 1, got)
}

// ownPointer is a policy of a user's own whose nil pointer is a policy.
type ownPointer struct{}

func (*ownPointer) Execute(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

// TestEveryPolicyHasEveryPlaceInAPipeline puts each policy outside of, between and
// within others.
func TestEveryPolicyHasEveryPlaceInAPipeline(t *testing.T) {
	policies := map[string]resilience.Policy{
		"adaptive limiter": resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{}),
		"bulkhead":         resilience.NewBulkhead(resilience.BulkheadConfig{}),
		"circuit breaker":  resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: 1000}),
		"fallback":         resilience.NewFallback(func(_ context.Context, cause error) error { return cause }, nil),
		"rate limiter":     resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 1e9}),
		"retry":            resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 2, BaseDelay: resilience.NoDelay}),
		"timeout":          resilience.NewTimeout(resilience.TimeoutConfig{}),
		"hedge":            resilience.NewHedge(resilience.HedgeConfig{Delay: time.Hour}),
		"pipeline":         resilience.NewPipeline(resilience.NewTimeout(resilience.TimeoutConfig{}), twice{}),
	}
	runs := map[string]int{"retry": 2, "pipeline": 2} // the others run their function once
	for outer, a := range policies {
		for middle, b := range policies {
			for inner, c := range policies {
				n := 0
				err := resilience.NewPipeline(a, b, c).Execute(t.Context(), func(context.Context) error { n++; return errDown })
				want := max(1, runs[outer]) * max(1, runs[middle]) * max(1, runs[inner])
				if err != errDown || n != want {
					t.Errorf("%s, %s, %s: %d runs, want %d; %v", outer, middle, inner, n, want, err)
				}
			}
		}
	}
}

func TestPipelinesMayBeUsedWithinThemselves(t *testing.T) {
	p := resilience.NewPipeline(resilience.NewRetryPolicy(resilience.RetryConfig{BaseDelay: resilience.NoDelay}))
	runs := 0
	err := p.Execute(t.Context(), func(ctx context.Context) error {
		return p.Execute(ctx, func(context.Context) error {
			runs++
			return errDown
		})
	})
	if err != errDown || runs != 9 {
		t.Errorf("%v after %d runs", err, runs)
	}
}

func TestPoliciesRefuseWrongConfigurations(t *testing.T) {
	for name, policy := range map[string]resilience.Policy{
		"timeout":          resilience.NewTimeout(resilience.TimeoutConfig{Limit: -2}),
		"bulkhead":         resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: -2}),
		"rate limiter":     resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: math.NaN()}),
		"hedge":            resilience.NewHedge(resilience.HedgeConfig{Quantile: 1}),
		"adaptive limiter": resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{MinLimit: 10, MaxLimit: 5}),
		"window":           resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: "sum"}),
		"minimum calls":    resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: "count", WindowSize: 5, MinimumCalls: 6}),
		"slow calls":       resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlowCallDuration: time.Second}),
		"failure rate":     resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: "time", FailureRate: 1.1}),
		"successes":        resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{HalfOpenProbes: 2, HalfOpenSuccesses: 3}),
		"multiplier":       resilience.NewRetryPolicy(resilience.RetryConfig{Multiplier: 0.5}),
		"jitter":           resilience.NewRetryPolicy(resilience.RetryConfig{Jitter: "some"}),
	} {
		ran := false
		err := policy.Execute(t.Context(), func(context.Context) error { ran = true; return nil })
		if !errors.Is(err, kernel.ErrConfig) || ran {
			t.Errorf("%s: %v, ran %t", name, err, ran)
		}
	}
	if _, err := resilience.NewLastGood[int, int](resilience.LastGoodConfig{MaxEntries: -2}).Call(t.Context(), 1, func(context.Context) (int, error) { return 1, nil }); !errors.Is(err, kernel.ErrConfig) {
		t.Errorf("last good: %v", err)
	}
}

func TestPoliciesThatSucceedAllocateNothing(t *testing.T) {
	ctx := t.Context()
	count := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, SlowCallDuration: time.Second})
	span := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{SlidingWindow: resilience.TimeWindow, WindowDuration: time.Hour})
	bulkhead := resilience.NewBulkhead(resilience.BulkheadConfig{})
	limiter := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: 1e9})
	adaptive := resilience.NewAdaptiveLimiter(resilience.AdaptiveLimiterConfig{})
	for name, policy := range map[string]resilience.Policy{
		"count window": count, "time window": span, "bulkhead": bulkhead, "rate limiter": limiter, "adaptive limiter": adaptive,
	} {
		if n := testing.AllocsPerRun(200, func() { _ = policy.Execute(ctx, succeed) }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
