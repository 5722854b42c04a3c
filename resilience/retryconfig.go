// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"time"
)

// RetryConfig configures a [RetryPolicy]. A zero field means its default.
type RetryConfig struct {
	// MaxAttempts is the number of attempts, the first included. Default 3.
	MaxAttempts int `koanf:"max-attempts"`
	// BaseDelay is the delay before the second attempt. Default 1s; NoDelay: there
	// is no delay.
	BaseDelay time.Duration `koanf:"base-delay"`
	// Multiplier is the factor between two delays, from 1 to 100. Default 2.
	Multiplier float64 `koanf:"multiplier"`
	// MaxDelay is the maximum of a delay; it does not limit a Retry-After. Default
	// 30s, or BaseDelay if that is longer.
	MaxDelay time.Duration `koanf:"max-delay"`
	// Jitter randomizes the delays, so that many callers do not retry at the same
	// time. Default [NoJitter].
	Jitter Jitter `koanf:"jitter"`
	// MaxRetryAfter is the maximum of a Retry-After: a call whose error asks for a
	// longer wait is not retried. Default 5m; NoDelay: no maximum.
	MaxRetryAfter time.Duration `koanf:"max-retry-after"`
	// RetryOn reports whether a call that failed with this error is retried.
	// [Errors], [ErrorType] and [Any] return the usual conditions. It must be safe
	// for concurrent use. nil: every error is retried.
	//
	// Whatever RetryOn returns, a call is not retried after its caller has cancelled
	// it, nor if the error is kernel.ErrCircuitOpen.
	RetryOn func(error) bool `koanf:"-"`
	// Budget limits the retries of all calls that share it. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
	// Breaker is the circuit breaker within the retry. If it would still reject the
	// next attempt after the delay, the attempt follows without the delay and is
	// rejected at once. nil: there is none.
	Breaker *CircuitBreaker `koanf:"-"`
	// OnRetry is called for every retry, before its delay begins, on the goroutine
	// of the call.
	OnRetry func(RetryEvent) `koanf:"-"`
	// OnBudgetExhausted is called for every retry that the budget prevents, on the
	// goroutine of the call.
	OnBudgetExhausted func(RetryEvent) `koanf:"-"`
}

// RetryEvent describes a retry: an attempt that failed and the delay before the next.
type RetryEvent struct {
	Attempt int             // the attempt that failed, from 1
	Delay   time.Duration   // before the next one
	Err     error           // of the attempt that failed
	Context context.Context // of the call, for logs and traces
}

const (
	defaultMaxAttempts = 3
	defaultMultiplier  = 2
	defaultBaseDelay   = time.Second
	defaultMaxDelay    = 30 * time.Second

	defaultMaxRetryAfter = 5 * time.Minute
)

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
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
		return wrongField("multiplier", "multiplier is %v: it must be between 1 and 100", shown(c.Multiplier))
	}
	return nil
}

func (c RetryConfig) validateJitter() error {
	if c.Jitter.isValid() {
		return nil
	}
	return wrongField("jitter", "jitter is %.50q: it must be none, full, equal or decorrelated", c.Jitter)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
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

// WithDefaults returns c with the defaults in place of zero fields.
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
	// Ratio is the number of retries that each call of the last ten seconds allows,
	// from 0 to 1. Default 0.2; -1: none.
	Ratio float64 `koanf:"ratio"`
	// MinPerSecond is the number of retries per second that are always allowed.
	// Default 10; -1: none.
	MinPerSecond float64 `koanf:"min-per-second"`
}

const (
	defaultBudgetRatio  = 0.2
	defaultMinPerSecond = 10
	maxMinPerSecond     = 10_000
)

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c RetryBudgetConfig) Validate() error {
	return errors.Join(
		within("ratio", c.Ratio, 1),
		within("min-per-second", c.MinPerSecond, maxMinPerSecond),
	)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *RetryBudgetConfig) SetExplicitZero(key string) {
	switch key {
	case "ratio":
		c.Ratio = explicitZero
	case "min-per-second":
		c.MinPerSecond = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
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
