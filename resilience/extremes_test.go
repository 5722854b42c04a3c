// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/internal/random"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

const longest time.Duration = math.MaxInt64

func TestACircuitStaysOpenForTheLongestTime(t *testing.T) {
	for name, config := range map[string]resilience.CircuitBreakerConfig{
		"timeout":    {RecoveryTimeout: longest},
		"multiplier": {RecoveryTimeout: longest - 1, RecoveryMultiplier: 100, MaxRecoveryTimeout: longest},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config.FailureThreshold = 1
				b := resilience.NewCircuitBreaker(config)
				failTimes(t, b, 1)
				for range 3 {
					wantState(t, b, resilience.StateOpen)
					assert.ErrorIs(t, b.Call(t.Context(), succeed), kernel.ErrCircuitOpen)
					assert.Greater(t, b.Snapshot().RetryAfter, longest/2)
					time.Sleep(1000 * time.Hour) // virtual
					mustReconfigure(t, b, config)
				}
				retry := resilience.NewRetryPolicy(resilience.RetryConfig{Breaker: b, BaseDelay: longest})
				assert.Equal(t, errDown, retry.Execute(t.Context(), func(context.Context) error { return errDown }) /* at once: it would be refused */)
			})
		})
	}
}

func TestTheRecoveryTimeoutGrowsUpToTheLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
			FailureThreshold: 1, RecoveryTimeout: time.Second, RecoveryMultiplier: 100, MaxRecoveryTimeout: longest,
		})
		last := time.Duration(0)
		for range 5 {
			failTimes(t, b, 1)
			after := b.Snapshot().RetryAfter
			assert.Greater(t, after, last)
			last = after
			time.Sleep(after + 1) // virtual
		}
	})
}

func TestAThresholdMayBeLarge(t *testing.T) {
	for _, threshold := range []int{math.MaxInt32, math.MaxInt} {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: threshold})
		failTimes(t, b, 1000)
		wantState(t, b, resilience.StateClosed)
	}
	if threshold := uint64(1) << 32; threshold <= math.MaxInt {
		b := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{FailureThreshold: int(threshold)})
		failTimes(t, b, 1000)
		wantState(t, b, resilience.StateClosed)
	}
}

// TestPoliciesWorkWithExtremeValues makes calls that succeed under policies whose
// configurations are valid, and some that fail.
func TestPoliciesWorkWithExtremeValues(t *testing.T) {
	const most = math.MaxInt
	for name, c := range map[string]struct {
		config validator
		policy resilience.Policy
	}{
		"a time window": policyOf(resilience.NewCircuitBreaker, resilience.CircuitBreakerConfig{
			SlidingWindow: resilience.TimeWindow, WindowDuration: longest, MinimumCalls: most, SlowCallDuration: longest}),
		"a short time window": policyOf(resilience.NewCircuitBreaker, resilience.CircuitBreakerConfig{
			SlidingWindow: resilience.TimeWindow, WindowDuration: 10, MinimumCalls: 1, FailureRate: math.SmallestNonzeroFloat64, RecoveryTimeout: 1}),
		"a count window of one": policyOf(resilience.NewCircuitBreaker, resilience.CircuitBreakerConfig{
			SlidingWindow: resilience.CountWindow, WindowSize: 1, SlowCallDuration: 1, RecoveryTimeout: resilience.NoDelay}),
		"many probes": policyOf(resilience.NewCircuitBreaker, resilience.CircuitBreakerConfig{
			FailureThreshold: 1, RecoveryTimeout: 1, HalfOpenProbes: most, HalfOpenSuccesses: 1, HalfOpenMaxWait: longest}),
		"no waits of a circuit breaker": policyOf(resilience.NewCircuitBreaker, resilience.CircuitBreakerConfig{
			FailureThreshold: 1, RecoveryTimeout: resilience.NoDelay, RecoveryMultiplier: 100, MaxRecoveryTimeout: longest, HalfOpenMaxWait: resilience.NoDelay}),
		"a long time limit":  policyOf(resilience.NewTimeout, resilience.TimeoutConfig{Limit: longest}),
		"a large bulkhead":   policyOf(resilience.NewBulkhead, resilience.BulkheadConfig{MaxConcurrent: most, MaxQueue: most, MaxWait: longest}),
		"a small bulkhead":   policyOf(resilience.NewBulkhead, resilience.BulkheadConfig{MaxConcurrent: 1, MaxQueue: most, MaxWait: longest}),
		"a large rate":       policyOf(resilience.NewRateLimiter, resilience.RateLimiterConfig{PerSecond: math.MaxFloat64, Burst: most, MaxWait: longest}),
		"a large rate alone": policyOf(resilience.NewRateLimiter, resilience.RateLimiterConfig{PerSecond: 1e300}),
		"a small rate":       policyOf(resilience.NewRateLimiter, resilience.RateLimiterConfig{PerSecond: 1e-3, Burst: most, MaxWait: longest}),
		"a hedge at once":    policyOf(resilience.NewHedge, resilience.HedgeConfig{Delay: resilience.NoDelay, MaxHedges: 100}),
		"a late hedge":       policyOf(resilience.NewHedge, resilience.HedgeConfig{Delay: longest, MaxHedges: most, Quantile: math.Nextafter(1, 0)}),
		"the least quantile": policyOf(resilience.NewHedge, resilience.HedgeConfig{Quantile: math.SmallestNonzeroFloat64}),
		"large limits":       policyOf(resilience.NewAdaptiveLimiter, resilience.AdaptiveLimiterConfig{MinLimit: most, InitialLimit: most, MaxLimit: most}),
		"a large least limit": policyOf(resilience.NewAdaptiveLimiter, resilience.AdaptiveLimiterConfig{
			MinLimit: 2000}),
		"small limits": policyOf(resilience.NewAdaptiveLimiter, resilience.AdaptiveLimiterConfig{MinLimit: 1, InitialLimit: 1, MaxLimit: 1}),
		"large delays": policyOf(resilience.NewRetryPolicy, resilience.RetryConfig{MaxAttempts: most, BaseDelay: longest, Multiplier: 100, MaxRetryAfter: longest}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				require.NoError(t, c.config.Validate())
				for range 50 {
					assert.NoError(t, c.policy.Execute(t.Context(), until(time.Second, nil)))
					synctest.Wait() // what a hedge has begun ends
				}
				ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
				defer cancel()
				assert.ErrorIs(t, c.policy.Execute(ctx, func(context.Context) error { return errDown }), errDown)
				time.Sleep(time.Second) // virtual
				assert.NoError(t, c.policy.Execute(t.Context(), until(time.Second, nil)))
				synctest.Wait()
			})
		})
	}
}

func policyOf[C validator, P resilience.Policy](makes func(C) P, config C) (made struct {
	config validator
	policy resilience.Policy
}) {
	made.config, made.policy = config, makes(config)
	return made
}

// TestAnyRetryAfterIsBorne lets errors ask for waits of all lengths.
func TestAnyRetryAfterIsBorne(t *testing.T) {
	for _, after := range []time.Duration{math.MinInt64, -1, 0, 1, longest} {
		for _, config := range []resilience.RetryConfig{
			{}, {BaseDelay: resilience.NoDelay}, {BaseDelay: 1, MaxDelay: 1}, {MaxDelay: resilience.NoDelay}, {BaseDelay: longest, MaxDelay: 1},
			{MaxAttempts: math.MaxInt, BaseDelay: longest},
		} {
			for _, config.Jitter = range []resilience.Jitter{resilience.NoJitter, resilience.FullJitter, resilience.EqualJitter, resilience.DecorrelatedJitter} {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					attempts := 0
					err := resilience.NewRetryPolicy(config).Execute(ctx, func(context.Context) error {
						if attempts++; attempts == 5 {
							cancel()
						}
						return busy(after)
					})
					assert.ErrorIs(t, err, busy(after))
					assert.Equal(t, after < longest && config.BaseDelay < longest || config.MaxDelay == 1 && after < longest, attempts > 1, "%+v, %s: %d attempts", config, after, attempts)
				})
			}
		}
	}
}

// highest draws the highest number there may be.
type highest struct{}

func (highest) Int64N(n int64) int64 { return n - 1 }
func (highest) Text() string         { return "" }

func TestDelaysDoNotOverflow(t *testing.T) {
	for _, jitter := range []resilience.Jitter{resilience.NoJitter, resilience.FullJitter, resilience.EqualJitter, resilience.DecorrelatedJitter} {
		for _, base := range []time.Duration{time.Hour, longest} {
			t.Run(jitter.String()+" "+base.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(random.WithSource(t.Context(), highest{}))
					last := time.Duration(0)
					retry := resilience.NewRetryPolicy(resilience.RetryConfig{
						MaxAttempts: 100, BaseDelay: base, Multiplier: 100, MaxDelay: longest, Jitter: jitter,
						OnRetry: func(e resilience.RetryEvent) {
							assert.GreaterOrEqual(t, e.Delay, last)
							if last = e.Delay; last > longest/3 {
								cancel()
							}
						},
					})
					assert.ErrorIs(t, retry.Execute(ctx, func(context.Context) error { return errDown }), errDown)
					assert.Greater(t, last, longest/3)
				})
			})
		}
	}
}

// TestManyAttemptsTakeTimeInProportion would take a minute if the delay of each
// attempt were worked out from all those before.
func TestManyAttemptsTakeTimeInProportion(t *testing.T) {
	runs := 0
	retry := resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 400_000, BaseDelay: resilience.NoDelay})
	_ = retry.Execute(t.Context(), func(context.Context) error { runs++; return errDown })
	assert.Equal(t, 400_000, runs)
}

// TestAListenerThatPanicsFreesThePlaceOfTheProbe: nobody has got the permit.
func TestAListenerThatPanicsFreesThePlaceOfTheProbe(t *testing.T) {
	for name, c := range map[string]struct {
		listener resilience.CircuitState // it panics at this transition
		probe    func(context.Context) error
		state    resilience.CircuitState
	}{
		"open -> half-open":   {resilience.StateHalfOpen, succeed, resilience.StateHalfOpen},
		"half-open -> closed": {resilience.StateClosed, succeed, resilience.StateClosed},
		"half-open -> open":   {resilience.StateOpen, fail, resilience.StateOpen},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				isArmed := false
				b := halfOpen(t, resilience.CircuitBreakerConfig{OnStateChange: func(change resilience.StateChange) {
					if isArmed && change.To == c.listener {
						isArmed = false
						panic("listener")
					}
				}})
				isArmed = true
				assert.PanicsWithValue(t, "listener", func() { _ = b.Call(t.Context(), c.probe) })
				wantState(t, b, c.state)
				if c.state != resilience.StateOpen {
					assert.NoError(t, b.Call(t.Context(), succeed))
				}
			})
		})
	}
}

// TestUserCodeThatPanicsFreesThePlaceOfTheProbe lets a probe end in a condition or
// listener that panics.
func TestUserCodeThatPanicsFreesThePlaceOfTheProbe(t *testing.T) {
	panics := false
	boom := func() {
		if panics {
			panic("boom")
		}
	}
	for name, change := range map[string]func(*resilience.CircuitBreakerConfig){
		"IsFailure":  func(c *resilience.CircuitBreakerConfig) { c.IsFailure = func(error) bool { boom(); return true } },
		"OnSlowCall": func(c *resilience.CircuitBreakerConfig) { c.OnSlowCall = func(time.Duration) { boom() } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				panics = false
				config := resilience.CircuitBreakerConfig{
					SlidingWindow: resilience.CountWindow, MinimumCalls: 1, RecoveryTimeout: time.Minute, SlowCallDuration: time.Second,
				}
				change(&config)
				b := resilience.NewCircuitBreaker(config)
				failTimes(t, b, 1)
				time.Sleep(time.Minute) // virtual
				panics = true
				assert.Panics(t, func() { _ = b.Call(t.Context(), until(2*time.Second, errDown)) })
				wantState(t, b, resilience.StateOpen)
			})
		})
	}
}

// validator is a configuration.
type validator interface{ Validate() error }

func TestValidateNamesEveryFieldThatIsWrong(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		config validator
		fields string
	}{
		"hedge":           {resilience.HedgeConfig{Delay: -2, Quantile: nan, MaxHedges: -2}, "delay max-hedges quantile"},
		"retry":           {resilience.RetryConfig{MaxAttempts: -2, BaseDelay: -2, Multiplier: nan, MaxDelay: -2, Jitter: "some", MaxRetryAfter: -2}, "max-attempts base-delay multiplier max-delay jitter max-retry-after"},
		"budget":          {resilience.RetryBudgetConfig{Ratio: nan, MinPerSecond: nan}, "ratio min-per-second"},
		"rate limit":      {resilience.RateLimiterConfig{PerSecond: nan, Burst: -2, MaxWait: -2}, "per-second burst max-wait"},
		"bulkhead":        {resilience.BulkheadConfig{MaxConcurrent: -2, MaxQueue: -2, MaxWait: -2}, "max-concurrent max-queue max-wait"},
		"adaptive limit":  {resilience.AdaptiveLimiterConfig{InitialLimit: -2, MinLimit: -2, MaxLimit: -2}, "initial-limit min-limit max-limit"},
		"last good":       {resilience.LastGoodConfig{MaxAge: -2, MaxEntries: -2, MaxBytes: -2}, "max-age max-entries max-bytes"},
		"timeout":         {resilience.TimeoutConfig{Limit: -2}, "limit"},
		"circuit breaker": {resilience.CircuitBreakerConfig{FailureThreshold: -2, RecoveryTimeout: -2, RecoveryMultiplier: nan, MaxRecoveryTimeout: -2, HalfOpenProbes: -2, HalfOpenSuccesses: -2, HalfOpenMaxWait: -2, SlidingWindow: "sum", WindowSize: -2, WindowDuration: -2, MinimumCalls: -2, FailureRate: nan, SlowCallDuration: -2, SlowCallRate: nan}, "failure-threshold recovery-timeout recovery-multiplier max-recovery-timeout half-open-probes half-open-successes half-open-max-wait sliding-window window-size window-duration minimum-calls failure-rate slow-call-duration slow-call-rate"},
		"a count window":  {resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow, WindowSize: 1 << 30, MinimumCalls: 1 << 31, RecoveryTimeout: time.Hour, MaxRecoveryTimeout: time.Minute}, "window-size minimum-calls max-recovery-timeout"},
		"no window":       {resilience.CircuitBreakerConfig{SlidingWindow: "sum", RecoveryMultiplier: 0.5, HalfOpenSuccesses: 3}, "sliding-window recovery-multiplier half-open-successes"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.config.Validate()
			require.ErrorIs(t, err, kernel.ErrConfig)
			var told []string
			for _, line := range strings.Split(err.Error(), "\n") {
				field, _, _ := strings.Cut(strings.TrimPrefix(line, kernel.ErrConfig.Error()+": "), " ")
				told = append(told, strings.TrimSuffix(field, ":"))
			}
			assert.ElementsMatch(t, strings.Fields(c.fields), told, "each once: %v", err)
		})
	}
}

// TestAZeroThatIsWrittenIsNotTheDefault sets each field whose default is not zero
// to zero, as a settings file does.
func TestAZeroThatIsWrittenIsNotTheDefault(t *testing.T) {
	type config interface {
		validator
		SetExplicitZero(key string)
	}
	counts := func() *resilience.CircuitBreakerConfig {
		return &resilience.CircuitBreakerConfig{SlidingWindow: resilience.CountWindow}
	}
	for key, c := range map[string]struct {
		config  func() config
		isValid bool // with the zero
	}{
		"failure-threshold":    {func() config { return &resilience.CircuitBreakerConfig{} }, false},
		"recovery-timeout":     {func() config { return &resilience.CircuitBreakerConfig{} }, true},
		"max-recovery-timeout": {func() config { return &resilience.CircuitBreakerConfig{} }, false},
		"half-open-max-wait":   {func() config { return &resilience.CircuitBreakerConfig{} }, true},
		"half-open-probes":     {func() config { return &resilience.CircuitBreakerConfig{} }, false},
		"half-open-successes":  {func() config { return &resilience.CircuitBreakerConfig{} }, false},
		"recovery-multiplier":  {func() config { return &resilience.CircuitBreakerConfig{} }, false},
		"window-size":          {func() config { return counts() }, false},
		"minimum-calls":        {func() config { return counts() }, false},
		"failure-rate":         {func() config { return counts() }, false},
		"slow-call-rate":       {func() config { return counts() }, false},
		"window-duration": {func() config {
			return &resilience.CircuitBreakerConfig{SlidingWindow: resilience.TimeWindow}
		}, false},
		"max-attempts":   {func() config { return &resilience.RetryConfig{} }, false},
		"base-delay":     {func() config { return &resilience.RetryConfig{} }, true},
		"max-delay":      {func() config { return &resilience.RetryConfig{} }, true},
		"multiplier":     {func() config { return &resilience.RetryConfig{} }, false},
		"ratio":          {func() config { return &resilience.RetryBudgetConfig{} }, true},
		"min-per-second": {func() config { return &resilience.RetryBudgetConfig{} }, true},
		"max-concurrent": {func() config { return &resilience.BulkheadConfig{} }, false},
		"burst":          {func() config { return &resilience.RateLimiterConfig{PerSecond: 1} }, false},
		"initial-limit":  {func() config { return &resilience.AdaptiveLimiterConfig{} }, false},
		"min-limit":      {func() config { return &resilience.AdaptiveLimiterConfig{} }, false},
		"max-limit":      {func() config { return &resilience.AdaptiveLimiterConfig{} }, false},
		"delay":          {func() config { return &resilience.HedgeConfig{} }, true},
		"max-hedges":     {func() config { return &resilience.HedgeConfig{} }, false},
		"limit":          {func() config { return &resilience.TimeoutConfig{} }, true},
		"max-age":        {func() config { return &resilience.LastGoodConfig{} }, true},
		"max-entries":    {func() config { return &resilience.LastGoodConfig{} }, false},
	} {
		t.Run(key, func(t *testing.T) {
			config := c.config()
			before := c.config()
			config.SetExplicitZero(key)
			assert.NotEqual(t, before, config, "the zero is not recorded")
			err := config.Validate()
			assert.Equal(t, c.isValid, err == nil, "%v", err)
			if err != nil {
				assert.ErrorIs(t, err, kernel.ErrConfig)
				assert.ErrorContains(t, err, key)
			}
		})
	}
}
