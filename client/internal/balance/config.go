// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// Policies of a [LoadBalancingConfig].
const (
	LeastRequest = "least-request"
	RoundRobin   = "round-robin"
	Random       = "random"
)

// LoadBalancingConfig says how an instance is chosen. A zero field means its default.
type LoadBalancingConfig struct {
	// Policy is one of:
	//
	//	least-request  the better of two that are drawn by weight: the one with
	//	               fewer requests in flight, or the faster one if they
	//	               differ much
	//	round-robin    one after the other, each as often as its weight says
	//	random         drawn by weight
	//
	// Default least-request.
	Policy string `koanf:"policy"`
	// Zone, SlowStart and HashOn are not supported yet: Validate rejects them.
	Zone      string        `koanf:"zone"`
	SlowStart time.Duration `koanf:"slow-start"`
	HashOn    string        `koanf:"hash-on"`
}

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c LoadBalancingConfig) Validate() error {
	var errs []error
	switch c.Policy {
	case "", LeastRequest, RoundRobin, Random:
	case "consistent-hash":
		errs = append(errs, notSupported("policy: consistent-hash"))
	default:
		errs = append(errs, fmt.Errorf("%w: policy is %q: it must be %s, %s or %s", kernel.ErrConfig, c.Policy, LeastRequest, RoundRobin, Random))
	}
	if c.Zone != "" {
		errs = append(errs, notSupported("zone"))
	}
	if c.SlowStart != 0 {
		errs = append(errs, notSupported("slow-start"))
	}
	if c.HashOn != "" {
		errs = append(errs, notSupported("hash-on"))
	}
	return errors.Join(errs...)
}

func notSupported(key string) error {
	return fmt.Errorf("%w: %s is not supported yet: remove it", kernel.ErrConfig, key)
}

// WithDefaults returns c with the defaults in the place of zero fields.
func (c LoadBalancingConfig) WithDefaults() LoadBalancingConfig {
	if c.Policy == "" {
		c.Policy = LeastRequest
	}
	return c
}

// OutlierDetectionConfig says when an instance is ejected. A zero field means its
// default.
type OutlierDetectionConfig struct {
	// Disabled keeps instances from being ejected.
	Disabled bool `koanf:"-"`
	// ConsecutiveFailures is how many requests fail, one after the other, before
	// an instance is ejected. Default 5. One that comes back after an ejection is
	// ejected again by its first failure.
	ConsecutiveFailures int `koanf:"consecutive-failures"`
	// EjectionTime is how long an instance is ejected for the first time. Each
	// time after that is twice as long, up to 10 times the first. It is the first
	// again when the instance has not been ejected for as long as the longest.
	// Default 30s.
	EjectionTime time.Duration `koanf:"ejection-time"`
	// MaxEjected is the largest share of the instances that may be ejected at
	// a time, rounded down, but at least one of two or more. If more fail, all
	// instances stay in use: the service is at fault, not the instance. Default
	// 0.5.
	MaxEjected float64 `koanf:"max-ejected"`
}

const (
	defaultConsecutiveFailures = 5
	defaultEjectionTime        = 30 * time.Second
	defaultMaxEjected          = 0.5
	longestEjection            = 10 // times EjectionTime
	explicitZero               = -1
)

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c OutlierDetectionConfig) Validate() error {
	var errs []error
	if c.ConsecutiveFailures < 0 || c.ConsecutiveFailures > maxFailures {
		errs = append(errs, fmt.Errorf("%w: consecutive-failures must be between 1 and %d", kernel.ErrConfig, maxFailures))
	}
	if c.EjectionTime < 0 {
		errs = append(errs, fmt.Errorf("%w: ejection-time must be above 0", kernel.ErrConfig))
	}
	if !(c.MaxEjected >= 0 && c.MaxEjected <= 1 || c.MaxEjected == explicitZero) {
		errs = append(errs, fmt.Errorf("%w: max-ejected is %v: it must be between 0 and 1", kernel.ErrConfig, c.MaxEjected))
	}
	return errors.Join(errs...)
}

// SetExplicitZero records that the field of the given koanf name is set to zero in
// a settings file, where zero does not mean the default.
func (c *OutlierDetectionConfig) SetExplicitZero(key string) {
	switch key {
	case "consecutive-failures":
		c.ConsecutiveFailures = explicitZero
	case "ejection-time":
		c.EjectionTime = explicitZero
	case "max-ejected":
		c.MaxEjected = explicitZero
	}
}

// WithDefaults returns c with the defaults in the place of zero fields.
func (c OutlierDetectionConfig) WithDefaults() OutlierDetectionConfig {
	if c.ConsecutiveFailures == 0 {
		c.ConsecutiveFailures = defaultConsecutiveFailures
	}
	if c.EjectionTime == 0 {
		c.EjectionTime = defaultEjectionTime
	}
	switch c.MaxEjected {
	case 0:
		c.MaxEjected = defaultMaxEjected
	case explicitZero:
		c.MaxEjected = 0
	}
	return c
}

// mostEjected returns how many of n instances may be ejected at a time.
func (c OutlierDetectionConfig) mostEjected(n int) int {
	if c.Disabled || c.MaxEjected == 0 || n < 2 {
		return 0
	}
	return min(max(int(c.MaxEjected*float64(n)), 1), n-1)
}

// ejection returns how long an instance is ejected that has been ejected a number of
// times before.
func (c OutlierDetectionConfig) ejection(times int) time.Duration {
	longest := c.longest()
	if times >= 4 {
		return longest
	}
	return min(c.EjectionTime<<times, longest)
}

func (c OutlierDetectionConfig) longest() time.Duration {
	if c.EjectionTime > forever/longestEjection {
		return forever
	}
	return c.EjectionTime * longestEjection
}

// forever is longer than any ejection, and shorter than what overflows.
const forever time.Duration = 1 << 60
