// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// AdaptiveLimiterConfig configures an [AdaptiveLimiter]. A zero field means its
// default.
type AdaptiveLimiterConfig struct {
	// Name is shown in errors.
	Name string `koanf:"name"`
	// InitialLimit is how many calls there may be at a time to begin with.
	// Default 20.
	InitialLimit int `koanf:"initial-limit"`
	// MinLimit and MaxLimit bound what the limit may become. Defaults 1 and
	// 1000.
	MinLimit int `koanf:"min-limit"`
	MaxLimit int `koanf:"max-limit"`
	// IsOverload says which errors tell that what is guarded has too much to
	// do. nil: those that are context.DeadlineExceeded.
	IsOverload func(error) bool `koanf:"-"`
}

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c AdaptiveLimiterConfig) Validate() error {
	var order error
	if d := c.withDefaults(); d.MinLimit > d.InitialLimit || d.InitialLimit > d.MaxLimit {
		order = fmt.Errorf("%w: min-limit %d, initial-limit %d, max-limit %d: they must grow in this order",
			kernel.ErrConfig, d.MinLimit, d.InitialLimit, d.MaxLimit)
	}
	return errors.Join(notNegative("initial-limit", c.InitialLimit), notNegative("min-limit", c.MinLimit),
		notNegative("max-limit", c.MaxLimit), order)
}

func (c AdaptiveLimiterConfig) withDefaults() AdaptiveLimiterConfig {
	setDefault(&c.MinLimit, 1)
	setDefault(&c.MaxLimit, max(1000, c.InitialLimit))
	setDefault(&c.InitialLimit, max(c.MinLimit, min(20, c.MaxLimit)))
	if c.IsOverload == nil {
		c.IsOverload = func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	}
	return c
}

// AdaptiveLimiter limits how many calls there are at a time, and finds out by
// itself how many are good: as long as calls take about as long as they used to,
// the limit grows by a few; when they take longer, because they queue, it
// shrinks in proportion. This is the gradient of Netflix' concurrency-limits
// (Gradient2Limit), a descendant of TCP Vegas (Brakmo and Peterson, 1995). A
// call that fails by overload shrinks it by a tenth.
//
// A call takes two short locks and looks at the clock twice; it allocates
// nothing. It is safe for concurrent use.
type AdaptiveLimiter struct {
	config  AdaptiveLimiterConfig
	invalid error
	epoch   time.Time

	mu       sync.Mutex
	limit    float64
	active   int
	longTerm average // of how long calls take, in seconds
}

// NewAdaptiveLimiter makes a limiter. If config is not valid, Execute returns the
// error of its Validate.
func NewAdaptiveLimiter(config AdaptiveLimiterConfig) *AdaptiveLimiter {
	c := config.withDefaults()
	return &AdaptiveLimiter{config: c, invalid: config.Validate(), epoch: time.Now(), limit: float64(c.InitialLimit)}
}

// Limit returns how many calls there may be at a time now.
func (l *AdaptiveLimiter) Limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}

// Execute runs fn if there is room. If there is none the error is a
// [*RejectedError] of kind [ErrBulkheadFull].
func (l *AdaptiveLimiter) Execute(ctx context.Context, fn func(context.Context) error) error {
	if l.invalid != nil {
		return l.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	active := l.begin()
	if active == 0 {
		return &RejectedError{Name: l.config.Name, Kind: ErrBulkheadFull}
	}
	begun := time.Since(l.epoch)
	judged := false
	defer func() {
		if !judged { // a panic
			l.end(active, 0, false)
		}
	}()
	err := fn(ctx)
	judged = true
	switch {
	case err == nil:
		l.end(active, time.Since(l.epoch)-begun, false)
	default:
		l.end(active, 0, !errors.Is(ctx.Err(), context.Canceled) && l.config.IsOverload(err))
	}
	return err
}

// begin returns how many calls are under way with this one, or 0 if there is no
// room for it.
func (l *AdaptiveLimiter) begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active >= int(l.limit) {
		return 0
	}
	l.active++
	return l.active
}

// The numbers of Gradient2Limit.
const (
	longWindow     = 600  // calls in the long-term average
	tolerance      = 1.5  // how much slower than usual is no sign of a queue
	queueAllowance = 4    // calls more, each time, to find out what there is room for
	smoothing      = 0.2  // of a step that is taken
	overloadFactor = 0.9  // of the limit after an overload
	decay          = 0.95 // of the long-term average when calls have become much faster
)

// end takes in what a call has shown: how long it took, if it succeeded.
func (l *AdaptiveLimiter) end(active int, took time.Duration, overloaded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	switch {
	case overloaded:
		l.set(l.limit * overloadFactor)
		return
	case took <= 0:
		return
	}
	short := took.Seconds()
	long := l.longTerm.add(short)
	if long/short > 2 {
		l.longTerm.value *= decay
	}
	if float64(active) < l.limit/2 { // the limit was not what limited
		return
	}
	gradient := max(0.5, min(1, tolerance*long/short))
	l.set(l.limit*(1-smoothing) + (l.limit*gradient+queueAllowance)*smoothing)
}

func (l *AdaptiveLimiter) set(limit float64) {
	l.limit = max(float64(l.config.MinLimit), min(limit, float64(l.config.MaxLimit)))
}

// average is an exponential moving average that begins as an arithmetic one.
type average struct {
	value float64
	count float64
}

func (a *average) add(sample float64) float64 {
	const warmUp = 10
	a.count = min(a.count+1, math.MaxInt32)
	if a.count <= warmUp {
		a.value += (sample - a.value) / a.count
		return a.value
	}
	const factor = 2.0 / (longWindow + 1)
	a.value += (sample - a.value) * factor
	return a.value
}
