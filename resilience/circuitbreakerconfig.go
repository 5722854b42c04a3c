// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"time"
)

// CircuitBreakerConfig configures a [CircuitBreaker]. A zero field means its
// default.
type CircuitBreakerConfig struct {
	// Name is shown in errors and state changes.
	Name string `koanf:"name"`
	// FailureThreshold is the number of consecutive failures that open the circuit.
	// Default 5. It has no effect with a sliding window.
	FailureThreshold int `koanf:"failure-threshold"`
	// RecoveryTimeout is the time from the opening of the circuit until it admits a
	// probe. Default 30s; NoDelay: the next call is a probe.
	RecoveryTimeout time.Duration `koanf:"recovery-timeout"`
	// RecoveryMultiplier is the factor, from 1 to 100, by which the recovery timeout
	// grows each time that a probe fails, until the circuit closes. Default 1.
	RecoveryMultiplier float64 `koanf:"recovery-multiplier"`
	// MaxRecoveryTimeout is the maximum to which the recovery timeout grows. Default
	// 5m, or RecoveryTimeout if that is longer.
	MaxRecoveryTimeout time.Duration `koanf:"max-recovery-timeout"`
	// HalfOpenProbes is the number of probes that a half-open circuit admits. Default 1.
	HalfOpenProbes int `koanf:"half-open-probes"`
	// HalfOpenSuccesses is the number of probes that must succeed to close the
	// circuit; the first that fails opens it again. Default HalfOpenProbes.
	HalfOpenSuccesses int `koanf:"half-open-successes"`
	// HalfOpenMaxWait is the time after which another call may take the place of a
	// probe that has not ended. Default 1m; NoDelay: at once.
	HalfOpenMaxWait time.Duration `koanf:"half-open-max-wait"`

	// SlidingWindow lets a rate open the circuit instead of consecutive failures. The
	// rate is that of the last WindowSize calls ([CountWindow]), or of those that
	// ended within the last WindowDuration ([TimeWindow]). Default "": no window.
	SlidingWindow SlidingWindow `koanf:"sliding-window"`
	// WindowSize is the number of calls in a count window, at most 1<<20. Default 100.
	WindowSize int `koanf:"window-size"`
	// WindowDuration is the duration of a time window, which moves in steps of a tenth
	// of it. Default 60s.
	WindowDuration time.Duration `koanf:"window-duration"`
	// MinimumCalls is the number of calls in the window below which no rate opens the
	// circuit. Default 20, or the size of a count window if that is less.
	MinimumCalls int `koanf:"minimum-calls"`
	// FailureRate is the share of failures in the window that opens the circuit,
	// above 0 and at most 1. Default 0.5.
	FailureRate float64 `koanf:"failure-rate"`
	// SlowCallDuration is the duration above which a call is slow.
	// Default 0: none is. A slow probe has failed. It needs a window.
	SlowCallDuration time.Duration `koanf:"slow-call-duration"`
	// SlowCallRate is the share of slow calls in the window that opens the
	// circuit, above 0 up to 1. Default 1.
	SlowCallRate float64 `koanf:"slow-call-rate"`

	// IsFailure reports whether an error is a failure of the service; any other error
	// counts as a success. It must be safe for concurrent use. nil: every error is a
	// failure.
	IsFailure func(error) bool `koanf:"-"`
	// OnStateChange is called for every change of state, one at a time and in order,
	// on a goroutine that uses the breaker. No lock is held, so it may use the breaker.
	OnStateChange func(StateChange) `koanf:"-"`
	// OnSlowCall is called for every slow call, on the goroutine of the call.
	OnSlowCall func(took time.Duration) `koanf:"-"`
}

// StateChange is a change of the state of a [CircuitBreaker].
type StateChange struct {
	Name     string // the breaker's
	From, To CircuitState
}

const (
	defaultFailureThreshold   = 5
	defaultRecoveryTimeout    = 30 * time.Second
	defaultMaxRecoveryTimeout = 5 * time.Minute
	defaultHalfOpenProbes     = 1
	defaultHalfOpenMaxWait    = time.Minute
	defaultWindowSize         = 100
	defaultWindowDuration     = time.Minute
	defaultMinimumCalls       = 20
	defaultFailureRate        = 0.5
	maxWindowSize             = 1 << 20
)

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c CircuitBreakerConfig) Validate() error {
	return errors.Join(
		notNegative("failure-threshold", c.FailureThreshold),
		noNegativeTime("recovery-timeout", c.RecoveryTimeout),
		noNegativeTime("max-recovery-timeout", c.MaxRecoveryTimeout),
		notNegative("half-open-probes", c.HalfOpenProbes),
		notNegative("half-open-successes", c.HalfOpenSuccesses),
		noNegativeTime("half-open-max-wait", c.HalfOpenMaxWait),
		notNegative("window-size", c.WindowSize),
		c.validateWindowDuration(),
		notNegative("minimum-calls", c.MinimumCalls),
		share("failure-rate", c.FailureRate),
		share("slow-call-rate", c.SlowCallRate),
		noNegativeTime("slow-call-duration", c.SlowCallDuration),
		c.validateTogether(),
	)
}

func (c CircuitBreakerConfig) validateWindowDuration() error {
	if c.WindowDuration == NoDelay {
		return wrongField("window-duration", "window-duration must be longer than 0")
	}
	return noNegativeTime("window-duration", c.WindowDuration)
}

// validateTogether checks fields that depend on each other.
func (c CircuitBreakerConfig) validateTogether() error {
	var problems []error
	wrong := func(fields []string, format string, args ...any) {
		problems = append(problems, wrongTogether(fields, format, args...))
	}
	d := c.WithDefaults()
	if !c.SlidingWindow.isValid() {
		wrong([]string{"sliding-window"}, "sliding-window is %.50q: it must be count or time, or be left out", c.SlidingWindow)
	}
	if c.SlidingWindow == "" && c.SlowCallDuration > 0 {
		wrong([]string{"slow-call-duration", "sliding-window"}, "slow-call-duration needs a sliding-window: count or time")
	}
	if c.SlidingWindow == CountWindow && d.MinimumCalls > d.WindowSize && d.WindowSize > 0 {
		wrong([]string{"minimum-calls", "window-size"}, "minimum-calls is %d, which a window-size of %d never holds", d.MinimumCalls, d.WindowSize)
	}
	if c.SlidingWindow == CountWindow && d.WindowSize > maxWindowSize {
		wrong([]string{"window-size"}, "window-size is %d: it must be at most %d", d.WindowSize, maxWindowSize)
	}
	if c.SlidingWindow == TimeWindow && d.WindowDuration > 0 && d.WindowDuration < timeBuckets {
		wrong([]string{"window-duration", "sliding-window"}, "window-duration is %s: it must be at least 10ns", d.WindowDuration)
	}
	if d.HalfOpenSuccesses > d.HalfOpenProbes && d.HalfOpenProbes > 0 {
		wrong([]string{"half-open-successes", "half-open-probes"}, "half-open-successes is %d, but there are only %d half-open-probes", d.HalfOpenSuccesses, d.HalfOpenProbes)
	}
	if c.RecoveryMultiplier != 0 && !(c.RecoveryMultiplier >= 1 && c.RecoveryMultiplier <= 100) {
		wrong([]string{"recovery-multiplier"}, "recovery-multiplier is %v: it must be between 1 and 100", shown(c.RecoveryMultiplier))
	}
	if d.MaxRecoveryTimeout >= 0 && d.MaxRecoveryTimeout < d.RecoveryTimeout {
		wrong([]string{"max-recovery-timeout", "recovery-timeout"}, "max-recovery-timeout is %s, less than the recovery-timeout of %s", d.MaxRecoveryTimeout, d.RecoveryTimeout)
	}
	return errors.Join(problems...)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *CircuitBreakerConfig) SetExplicitZero(key string) {
	switch key {
	case "failure-threshold":
		c.FailureThreshold = explicitZero
	case "recovery-timeout":
		c.RecoveryTimeout = NoDelay
	case "max-recovery-timeout":
		c.MaxRecoveryTimeout = NoDelay
	case "half-open-probes":
		c.HalfOpenProbes = explicitZero
	case "half-open-successes":
		c.HalfOpenSuccesses = explicitZero
	case "half-open-max-wait":
		c.HalfOpenMaxWait = NoDelay
	case "window-size":
		c.WindowSize = explicitZero
	case "window-duration":
		c.WindowDuration = NoDelay
	case "minimum-calls":
		c.MinimumCalls = explicitZero
	case "failure-rate":
		c.FailureRate = explicitZero
	case "slow-call-rate":
		c.SlowCallRate = explicitZero
	case "recovery-multiplier":
		c.RecoveryMultiplier = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
func (c CircuitBreakerConfig) WithDefaults() CircuitBreakerConfig {
	setDefault(&c.FailureThreshold, defaultFailureThreshold)
	setDefault(&c.HalfOpenProbes, defaultHalfOpenProbes)
	setDefault(&c.HalfOpenSuccesses, c.HalfOpenProbes)
	setDefaultTime(&c.RecoveryTimeout, defaultRecoveryTimeout)
	setDefaultTime(&c.MaxRecoveryTimeout, max(defaultMaxRecoveryTimeout, c.RecoveryTimeout))
	setDefaultTime(&c.HalfOpenMaxWait, defaultHalfOpenMaxWait)
	setDefault(&c.WindowSize, defaultWindowSize)
	setDefaultTime(&c.WindowDuration, defaultWindowDuration)
	if c.SlidingWindow == CountWindow {
		setDefault(&c.MinimumCalls, min(defaultMinimumCalls, c.WindowSize))
	}
	setDefault(&c.MinimumCalls, defaultMinimumCalls)
	if c.FailureRate == 0 {
		c.FailureRate = defaultFailureRate
	}
	if c.SlowCallRate == 0 {
		c.SlowCallRate = 1
	}
	if c.RecoveryMultiplier == 0 {
		c.RecoveryMultiplier = 1
	}
	return c
}

// share accepts a number above 0 up to 1; 0 stands for the default.
func share(key string, value float64) error {
	if value == 0 || value > 0 && value <= 1 {
		return nil
	}
	return wrongField(key, "%s is %v: it must be above 0 and at most 1", key, shown(value))
}
