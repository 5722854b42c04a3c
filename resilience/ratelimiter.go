// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/pyfly-go/pyfly/kernel"
)

// RateLimiterConfig configures a [RateLimiter]. A zero field means its default.
type RateLimiterConfig struct {
	// Name is shown in errors.
	Name string `koanf:"name"`
	// PerSecond is how many calls a second there may be. It must be set.
	PerSecond float64 `koanf:"per-second"`
	// Burst is how many calls there may be at once after a pause. Default
	// PerSecond, but at least 1.
	Burst int `koanf:"burst"`
	// MaxWait is how long a call may wait for its turn. Default 0: it does
	// not wait.
	MaxWait time.Duration `koanf:"max-wait"`
}

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c RateLimiterConfig) Validate() error {
	var perSecond error
	if !(c.PerSecond > 0) || math.IsInf(c.PerSecond, 0) {
		perSecond = fmt.Errorf("%w: per-second is %v: it must be above 0", kernel.ErrConfig, c.PerSecond)
	}
	return errors.Join(perSecond, notNegative("burst", c.Burst), noNegativeTime("max-wait", c.MaxWait))
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c RateLimiterConfig) WithDefaults() RateLimiterConfig {
	setDefault(&c.Burst, max(1, int(min(c.PerSecond, math.MaxInt32))))
	c.MaxWait = max(0, c.MaxWait)
	return c
}

// RateLimiter limits how many calls begin in a time: a token bucket, that of
// golang.org/x/time/rate. A call takes a short lock and looks at the clock; it is
// safe for concurrent use.
type RateLimiter struct {
	config  atomic.Pointer[RateLimiterConfig]
	limiter *rate.Limiter
	invalid error
}

// NewRateLimiter makes a rate limiter. If config is not valid, Execute returns
// the error of its Validate.
func NewRateLimiter(config RateLimiterConfig) *RateLimiter {
	l := &RateLimiter{invalid: config.Validate()}
	c := config.WithDefaults()
	l.config.Store(&c)
	l.limiter = rate.NewLimiter(rate.Limit(c.PerSecond), c.Burst)
	return l
}

// Reconfigure changes the configuration; what the bucket holds stays.
func (l *RateLimiter) Reconfigure(config RateLimiterConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	c := config.WithDefaults()
	l.config.Store(&c)
	l.limiter.SetLimit(rate.Limit(c.PerSecond))
	l.limiter.SetBurst(c.Burst)
	return nil
}

// Execute runs fn when its turn comes. If that is later than MaxWait, or than
// ctx's deadline, the error is a [*RejectedError] of kind [ErrRateLimitReached],
// at once.
func (l *RateLimiter) Execute(ctx context.Context, fn func(context.Context) error) error {
	if err := l.acquire(ctx); err != nil {
		return err
	}
	return fn(ctx)
}

func (l *RateLimiter) acquire(ctx context.Context) error {
	if l.invalid != nil {
		return l.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.limiter.Allow() {
		return nil
	}
	c := l.config.Load()
	turn := l.limiter.Reserve()
	delay := turn.Delay()
	deadline, hasDeadline := ctx.Deadline()
	if !turn.OK() || delay > c.MaxWait || hasDeadline && time.Until(deadline) <= delay {
		turn.Cancel()
		return &RejectedError{Name: c.Name, Kind: ErrRateLimitReached, RetryAfter: delay}
	}
	if err := wait(ctx, delay); err != nil {
		turn.Cancel()
		return err
	}
	return nil
}
