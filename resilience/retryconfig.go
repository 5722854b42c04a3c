// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"time"
)

// RetryConfig configures a [RetryPolicy]. A zero field means its default.
type RetryConfig struct {
	// MaxAttempts is how often a call is tried in all, the first included.
	// Default 3.
	MaxAttempts int `koanf:"max-attempts"`
	// BaseDelay is the delay before the second attempt; it is multiplied for
	// each further one. Default 1s; NoDelay: attempts follow at once.
	BaseDelay time.Duration `koanf:"base-delay"`
	// Multiplier is what makes each delay of the one before. Default 2.
	Multiplier float64 `koanf:"multiplier"`
	// MaxDelay caps the multiplied delay; a Retry-After is not capped. Default
	// 30s, or BaseDelay if that is longer.
	MaxDelay time.Duration `koanf:"max-delay"`
	// Jitter spreads the delays of many callers: [NoJitter], [FullJitter],
	// [EqualJitter] or [DecorrelatedJitter]. Default none.
	Jitter Jitter `koanf:"jitter"`
	// MaxRetryAfter is how long a Retry-After may ask to wait: an error that
	// asks for more is not tried again. Default 5m; NoDelay: any time is allowed.
	MaxRetryAfter time.Duration `koanf:"max-retry-after"`
	// RetryOn reports whether a call that failed with this error is tried again.
	// [Errors], [ErrorType] and [Any] return the usual conditions. It must be safe
	// for concurrent use. nil: every error.
	//
	// Whatever RetryOn returns, a call is not tried again after its caller has
	// cancelled it, nor if the error is kernel.ErrCircuitOpen.
	RetryOn func(error) bool `koanf:"-"`
	// Budget limits the retries of all calls that share it. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
	// Breaker is the circuit breaker inside the retry: no delay is waited for
	// after which it would still refuse the next attempt; that comes, and is
	// refused, at once. nil: none is known.
	Breaker *CircuitBreaker `koanf:"-"`
	// OnRetry is told of every retry before its delay begins.
	OnRetry func(RetryEvent) `koanf:"-"`
	// OnBudgetExhausted is told of every retry that the budget has prevented.
	OnBudgetExhausted func(RetryEvent) `koanf:"-"`
}

// RetryEvent tells of an attempt that failed and will be followed by another.
type RetryEvent struct {
	Attempt int             // the attempt that failed, from 1
	Delay   time.Duration   // until the next one
	Err     error           // why it failed
	Context context.Context // of the call: for logs and traces
}

const (
	defaultMaxAttempts = 3
	defaultMultiplier  = 2
	defaultBaseDelay   = time.Second
	defaultMaxDelay    = 30 * time.Second

	defaultMaxRetryAfter = 5 * time.Minute
)

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c RetryConfig) Validate() error {
	return errors.Join(
		notNegative("max-attempts", c.MaxAttempts),
		noNegativeTime("base-delay", c.BaseDelay),
		noNegativeTime("max-delay", c.MaxDelay),
		noNegativeTime("max-retry-after", c.MaxRetryAfter),
		c.validateMultiplier(),
		c.validateJitter(),
	)
}

func (c RetryConfig) validateMultiplier() error {
	if c.Multiplier != 0 && !(c.Multiplier >= 1 && c.Multiplier <= 100) {
		return wrongField("multiplier", "multiplier is %v: it must be between 1 and 100", max(c.Multiplier, 0))
	}
	return nil
}

func (c RetryConfig) validateJitter() error {
	if c.Jitter.isValid() {
		return nil
	}
	return wrongField("jitter", "jitter is %.50q: it must be none, full, equal or decorrelated", c.Jitter)
}

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, where zero does not mean the default.
func (c *RetryConfig) SetExplicitZero(key string) {
	switch key {
	case "max-attempts":
		c.MaxAttempts = explicitZero
	case "base-delay":
		c.BaseDelay = NoDelay
	case "max-delay":
		c.MaxDelay = NoDelay
	case "max-retry-after":
		c.MaxRetryAfter = NoDelay
	case "multiplier":
		c.Multiplier = explicitZero
	}
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c RetryConfig) WithDefaults() RetryConfig {
	setDefault(&c.MaxAttempts, defaultMaxAttempts)
	setDefaultTime(&c.BaseDelay, defaultBaseDelay)
	if c.Multiplier == 0 {
		c.Multiplier = defaultMultiplier
	}
	setDefaultTime(&c.MaxDelay, max(defaultMaxDelay, c.BaseDelay))
	setDefaultTime(&c.MaxRetryAfter, defaultMaxRetryAfter)
	return c
}

// RetryBudgetConfig configures a [RetryBudget]. A zero field means its default.
type RetryBudgetConfig struct {
	// Ratio is how many retries there may be for each call of the last ten
	// seconds. Default 0.2; in code a negative value says none.
	Ratio float64 `koanf:"ratio"`
	// MinPerSecond is how many retries a second are always allowed. Default
	// 10; in code a negative value says none.
	MinPerSecond float64 `koanf:"min-per-second"`
}

const (
	defaultBudgetRatio  = 0.2
	defaultMinPerSecond = 10
	maxMinPerSecond     = 10_000
)

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c RetryBudgetConfig) Validate() error {
	return errors.Join(
		within("ratio", c.Ratio, 1),
		within("min-per-second", c.MinPerSecond, maxMinPerSecond),
	)
}

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, where zero does not mean the default.
func (c *RetryBudgetConfig) SetExplicitZero(key string) {
	switch key {
	case "ratio":
		c.Ratio = explicitZero
	case "min-per-second":
		c.MinPerSecond = explicitZero
	}
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c RetryBudgetConfig) WithDefaults() RetryBudgetConfig {
	if c.Ratio == 0 {
		c.Ratio = defaultBudgetRatio
	}
	if c.MinPerSecond == 0 {
		c.MinPerSecond = defaultMinPerSecond
	}
	c.Ratio, c.MinPerSecond = max(0, c.Ratio), max(0, c.MinPerSecond)
	return c
}
