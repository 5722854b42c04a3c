// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// halfOpen returns a breaker whose recovery timeout is just over. It must be
// called in a bubble of synctest.
func halfOpen(t *testing.T, config resilience.CircuitBreakerConfig) *resilience.CircuitBreaker {
	t.Helper()
	config.FailureThreshold, config.RecoveryTimeout = 1, 10*time.Second
	b := resilience.NewCircuitBreaker(config)
	failTimes(t, b, 1)
	time.Sleep(10 * time.Second)
	wantState(t, b, resilience.StateHalfOpen)
	return b
}

func TestExactlyAsManyProbesPassAsConfigured(t *testing.T) {
	for _, probes := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			b := halfOpen(t, resilience.CircuitBreakerConfig{HalfOpenProbes: probes})
			release := make(chan struct{})
			var passed, refused atomic.Int32
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					err := b.Call(t.Context(), func(context.Context) error {
						passed.Add(1)
						<-release
						return nil
					})
					var refusal *resilience.CircuitBreakerError
					if errors.As(err, &refusal) && refusal.State == resilience.StateHalfOpen {
						refused.Add(1)
					}
				})
			}
			synctest.Wait()
			if int(passed.Load()) != probes || int(refused.Load()) != 50-probes {
				t.Errorf("of 50 callers %d passed and %d were refused, want %d to pass", passed.Load(), refused.Load(), probes)
			}
			close(release)
			wg.Wait()
			wantState(t, b, resilience.StateClosed)
		})
	}
}

// TestAProbeFreesItsPlace ends a probe in every way that is no result.
func TestAProbeFreesItsPlace(t *testing.T) {
	cases := map[string]struct {
		probe func(t *testing.T, b *resilience.CircuitBreaker)
		state resilience.CircuitState // after the probe
	}{
		"cancelled by its caller": {func(t *testing.T, b *resilience.CircuitBreaker) {
			ctx, cancel := context.WithCancel(t.Context())
			_ = b.Call(ctx, func(ctx context.Context) error { cancel(); return ctx.Err() })
		}, resilience.StateHalfOpen},
		"ignored": {func(t *testing.T, b *resilience.CircuitBreaker) {
			permit, err := b.Acquire()
			if err != nil {
				t.Fatal(err)
			}
			permit.Ignore()
		}, resilience.StateHalfOpen},
		"refused by an inner breaker": {func(t *testing.T, b *resilience.CircuitBreaker) {
			_ = b.Call(t.Context(), func(context.Context) error { return kernel.ErrCircuitOpen })
		}, resilience.StateHalfOpen},
		"panicking": {func(t *testing.T, b *resilience.CircuitBreaker) {
			defer func() { _ = recover() }()
			_ = b.Call(t.Context(), func(context.Context) error { panic("boom") })
		}, resilience.StateOpen},
		"exiting its goroutine": {func(t *testing.T, b *resilience.CircuitBreaker) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = b.Call(context.Background(), func(context.Context) error { runtime.Goexit(); return nil })
			}()
			<-done
		}, resilience.StateOpen},
		"never returning": {func(t *testing.T, b *resilience.CircuitBreaker) {
			if _, err := b.Acquire(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(59 * time.Second)
			if _, err := b.Acquire(); !errors.Is(err, kernel.ErrCircuitOpen) {
				t.Error("its place was given away too early")
			}
			time.Sleep(time.Second)
		}, resilience.StateHalfOpen},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := halfOpen(t, resilience.CircuitBreakerConfig{HalfOpenMaxWait: time.Minute})
				c.probe(t, b)
				wantState(t, b, c.state)
				if c.state == resilience.StateOpen {
					time.Sleep(10 * time.Second)
				}
				if err := b.Call(t.Context(), succeed); err != nil {
					t.Errorf("the next probe was refused: %v", err)
				}
				wantState(t, b, resilience.StateClosed)
			})
		})
	}
}

func TestAProbeThatReturnsAfterItsPlaceWasGivenAwayChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t, resilience.CircuitBreakerConfig{HalfOpenMaxWait: time.Minute})
		late, err := b.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		current, err := b.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		late.Failure()
		late.Success()
		wantState(t, b, resilience.StateHalfOpen)
		current.Success()
		wantState(t, b, resilience.StateClosed)
	})
}
