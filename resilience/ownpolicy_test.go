// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// policyFunc is a policy of a user's own.
type policyFunc func(ctx context.Context, fn func(context.Context) error) error

func (p policyFunc) Execute(ctx context.Context, fn func(context.Context) error) error {
	return p(ctx, fn)
}

// ownBulkhead has a policy of this package in it, and runs its function on
// another goroutine.
type ownBulkhead struct {
	*resilience.Bulkhead
	background *sync.WaitGroup
}

func (b ownBulkhead) Execute(ctx context.Context, fn func(context.Context) error) error {
	b.background.Go(func() { _ = b.Bulkhead.Execute(context.WithoutCancel(ctx), fn) })
	return nil
}

// layouts are the places that a policy may have.
var layouts = map[string]func(resilience.Policy) resilience.Policy{
	"alone":       func(p resilience.Policy) resilience.Policy { return p },
	"in pipeline": func(p resilience.Policy) resilience.Policy { return resilience.NewPipeline(p) },
	"among others": func(p resilience.Policy) resilience.Policy {
		return resilience.NewPipeline(resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 1000}),
			resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 1}), p, resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{}))
	},
	"nested": func(p resilience.Policy) resilience.Policy {
		return resilience.NewPipeline(resilience.NewPipeline(p), resilience.NewPipeline(resilience.NewTimeout(resilience.TimeoutConfig{Limit: resilience.NoDelay})))
	},
	"around a pipeline": func(p resilience.Policy) resilience.Policy {
		return resilience.NewPipeline(p, resilience.NewPipeline(resilience.NewFallback(func(_ context.Context, cause error) error { return cause }, nil)))
	},
	"pipeline within a policy": func(p resilience.Policy) resilience.Policy {
		inner := resilience.NewPipeline(p, resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 1}))
		return resilience.NewPipeline(policyFunc(inner.Execute))
	},
	"beside a hedge": func(p resilience.Policy) resilience.Policy {
		return resilience.NewPipeline(resilience.NewHedge(resilience.HedgeConfig{Delay: time.Hour}), p)
	},
}

// A call runs its own function only, as often as its policy says, and returns
// its own result: no other call's.
func TestCallsShareNothingWhateverTheirPolicyDoes(t *testing.T) {
	type useOf struct {
		policy resilience.Policy
		runs   int32
		isDone bool // the function has returned when the policy does
	}
	kinds := map[string]func(background *sync.WaitGroup, later chan<- func()) useOf{
		"runs it once": func(*sync.WaitGroup, chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }), 1, true}
		},
		"never runs it": func(*sync.WaitGroup, chan<- func()) useOf {
			return useOf{policyFunc(func(context.Context, func(context.Context) error) error { return nil }), 0, false}
		},
		"returns early": func(background *sync.WaitGroup, _ chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
				background.Go(func() { _ = fn(ctx) })
				return nil
			}), 1, false}
		},
		"runs it later": func(_ *sync.WaitGroup, later chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
				later <- func() { _ = fn(ctx) }
				return nil
			}), 1, false}
		},
		"runs it now and later": func(_ *sync.WaitGroup, later chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
				later <- func() { _ = fn(ctx) }
				return fn(ctx)
			}), 2, true}
		},
		"runs it twice in turn": func(*sync.WaitGroup, chan<- func()) useOf { return useOf{twice{}, 2, true} },
		"runs it twice side by side": func(*sync.WaitGroup, chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
				var both sync.WaitGroup
				both.Go(func() { _ = fn(ctx) })
				err := fn(ctx)
				both.Wait()
				return err
			}), 2, true}
		},
		"takes the first of two": func(background *sync.WaitGroup, _ chan<- func()) useOf {
			return useOf{policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
				ends := make(chan error, 2)
				for range 2 {
					background.Go(func() { ends <- fn(ctx) })
				}
				return <-ends
			}), 2, true}
		},
		"embeds a known one": func(background *sync.WaitGroup, _ chan<- func()) useOf {
			return useOf{ownBulkhead{resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 1000}), background}, 1, false}
		},
	}
	for kind, use := range kinds {
		for layout, in := range layouts {
			t.Run(kind+", "+layout, func(t *testing.T) {
				const callers, each = 8, 20
				var background sync.WaitGroup
				later := make(chan func(), callers*each)
				own := use(&background, later)
				policy := in(own.policy)
				ran := make([]atomic.Int32, callers*each)
				call := func(i int) {
					got, err := resilience.Call(t.Context(), policy, func(context.Context) (int, error) {
						runtime.Gosched()
						ran[i].Add(1)
						return i + 1, nil
					})
					if err != nil || got != i+1 && (own.isDone || got != 0) {
						t.Errorf("call %d got the result of call %d, and the error %v", i, got-1, err)
					}
				}
				var calling sync.WaitGroup
				for caller := range callers {
					calling.Go(func() {
						for i := range each {
							call(caller*each + i)
						}
					})
				}
				calling.Wait()
				close(later)
				for run := range later {
					run()
				}
				background.Wait()
				for i := range ran {
					if n := ran[i].Load(); n != own.runs {
						t.Errorf("the function of call %d ran %d times, want %d", i, n, own.runs)
					}
				}
			})
		}
	}
}

// A policy that keeps its function finds it unchanged after other calls.
func TestAPolicyMayKeepItsFunction(t *testing.T) {
	for layout, in := range layouts {
		var kept []func() error
		policy := in(policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
			kept = append(kept, func() error { return fn(ctx) })
			return nil
		}))
		errs := []error{errDown, errBad, errors.New("third")}
		for _, want := range errs {
			if err := policy.Execute(t.Context(), func(context.Context) error { return want }); err != nil {
				t.Errorf("%s: %v", layout, err)
			}
		}
		for i, run := range kept {
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s: the function of call %d is gone: %v", layout, i, r)
					}
				}()
				if err := run(); err != errs[i] {
					t.Errorf("%s: the function of call %d returned %v, want %v", layout, i, err, errs[i])
				}
			}()
		}
	}
}

func TestWhichRunsResultACallReturns(t *testing.T) {
	type answer struct {
		value int
		err   error
	}
	inTurn := func(n int, err error) resilience.Policy {
		return policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
			for range n {
				_ = fn(ctx)
			}
			return err
		})
	}
	for name, c := range map[string]struct {
		policy  resilience.Policy
		answers []answer // by run
		want    answer
	}{
		"never run":                    {inTurn(0, nil), nil, answer{0, nil}},
		"never run, an error":          {inTurn(0, errBad), nil, answer{0, errBad}},
		"the last of two":              {inTurn(2, nil), []answer{{1, nil}, {2, nil}}, answer{2, nil}},
		"the second fails":             {inTurn(2, nil), []answer{{1, nil}, {2, errDown}}, answer{1, nil}},
		"the first fails":              {inTurn(2, nil), []answer{{1, errDown}, {2, nil}}, answer{2, nil}},
		"a failure is no error":        {inTurn(1, nil), []answer{{1, errDown}}, answer{1, nil}},
		"an error with a result":       {inTurn(2, errDown), []answer{{1, errDown}, {2, errDown}}, answer{2, errDown}},
		"an error despite success":     {inTurn(1, errBad), []answer{{1, nil}}, answer{1, errBad}},
		"a pipeline of own ones":       {resilience.NewPipeline(inTurn(2, nil), inTurn(2, nil)), []answer{{1, nil}, {2, errDown}, {3, nil}, {4, errDown}}, answer{3, nil}},
		"a hedge that fails":           {resilience.NewHedge(resilience.HedgeConfig{}), []answer{{1, errDown}}, answer{0, errDown}},
		"a hedge in a pipeline, fails": {resilience.NewPipeline(inTurn(1, errBad), resilience.NewHedge(resilience.HedgeConfig{})), []answer{{1, errDown}}, answer{0, errBad}},
	} {
		runs := 0
		value, err := resilience.Call(t.Context(), c.policy, func(context.Context) (int, error) {
			runs++
			return c.answers[runs-1].value, c.answers[runs-1].err
		})
		if got := (answer{value, err}); got != c.want || runs != len(c.answers) {
			t.Errorf("%s: %v after %d runs, want %v after %d", name, got, runs, c.want, len(c.answers))
		}
	}
}

// The first run begins first and ends last; the policy waits for both.
func TestOfRunsSideBySideTheFirstToSucceedCounts(t *testing.T) {
	begun, second := make(chan struct{}), make(chan struct{})
	policy := policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
		var first sync.WaitGroup
		first.Go(func() { _ = fn(ctx) })
		<-begun
		err := fn(ctx)
		close(second)
		first.Wait()
		return err
	})
	var runs atomic.Int32
	got, err := resilience.Call(t.Context(), policy, func(context.Context) (string, error) {
		if runs.Add(1) == 1 {
			close(begun)
			<-second
			return "first", nil
		}
		return "second", nil
	})
	if got != "second" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestARunThatOutlastsItsCallChangesNothing(t *testing.T) {
	for name, returns := range map[string]error{"success": nil, "error": errBad} {
		var background sync.WaitGroup
		release := make(chan struct{})
		early := policyFunc(func(ctx context.Context, fn func(context.Context) error) error {
			background.Go(func() { _ = fn(ctx) })
			return returns
		})
		got, err := resilience.Call(t.Context(), resilience.NewPipeline(early), func(context.Context) (int, error) {
			<-release
			return 1, nil
		})
		close(release)
		if got != 0 || err != returns { // read while the run writes its result
			t.Errorf("%s: got %d, %v", name, got, err)
		}
		background.Wait()
	}
}
