// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"time"
)

// RetryConfig configures a [RetryPolicy]. A zero field means its default.
type RetryConfig struct {
	// MaxAttempts is how often a call is tried in all, the first included.
	// Default 3.
	MaxAttempts int `koanf:"max-attempts"`
	// BaseDelay is the delay before the second attempt; it is doubled for
	// each further one. Default 1s; NoDelay: attempts follow at once.
	BaseDelay time.Duration `koanf:"base-delay"`
	// MaxDelay caps the doubled delay; a Retry-After is not capped. Default
	// 30s, or BaseDelay if that is longer.
	MaxDelay time.Duration `koanf:"max-delay"`
	// RetryOn says which errors are tried again:
	//
	//   - an error, or a []error: those that match by errors.Is;
	//   - a pointer such as new(*net.OpError): those that match by errors.As;
	//   - a func(error) bool: those for which it returns true;
	//   - a []any of these.
	//
	// nil: every error. The caller's cancellation is never tried again, and
	// kernel.ErrCircuitOpen only if it is given here by name.
	RetryOn any `koanf:"-"`
	// Budget limits the retries of all calls that share it. nil: no limit.
	Budget *RetryBudget `koanf:"-"`
	// OnRetry is told of every retry before its delay begins.
	OnRetry func(RetryEvent) `koanf:"-"`
}

// RetryEvent tells of an attempt that failed and will be followed by another.
type RetryEvent struct {
	Attempt int           // the attempt that failed, from 1
	Delay   time.Duration // until the next one
	Err     error         // why it failed
}

const (
	defaultMaxAttempts = 3
	defaultBaseDelay   = time.Second
	defaultMaxDelay    = 30 * time.Second
)

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c RetryConfig) Validate() error {
	_, wrongRetryOn := newMatcher(c.RetryOn)
	return errors.Join(
		notNegative("max-attempts", c.MaxAttempts),
		noNegativeTime("base-delay", c.BaseDelay),
		noNegativeTime("max-delay", c.MaxDelay),
		wrongRetryOn,
	)
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
	}
}

func (c RetryConfig) withDefaults() RetryConfig {
	setDefault(&c.MaxAttempts, defaultMaxAttempts)
	setDefaultTime(&c.BaseDelay, defaultBaseDelay)
	setDefaultTime(&c.MaxDelay, max(defaultMaxDelay, c.BaseDelay))
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

func (c RetryBudgetConfig) withDefaults() RetryBudgetConfig {
	if c.Ratio == 0 {
		c.Ratio = defaultBudgetRatio
	}
	if c.MinPerSecond == 0 {
		c.MinPerSecond = defaultMinPerSecond
	}
	c.Ratio, c.MinPerSecond = max(0, c.Ratio), max(0, c.MinPerSecond)
	return c
}
