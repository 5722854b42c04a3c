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
	if d := c.WithDefaults(); d.MinLimit > d.InitialLimit || d.InitialLimit > d.MaxLimit {
		order = fmt.Errorf("%w: min-limit %d, initial-limit %d, max-limit %d: they must grow in this order",
			kernel.ErrConfig, d.MinLimit, d.InitialLimit, d.MaxLimit)
	}
	return errors.Join(notNegative("initial-limit", c.InitialLimit), notNegative("min-limit", c.MinLimit),
		notNegative("max-limit", c.MaxLimit), order)
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c AdaptiveLimiterConfig) WithDefaults() AdaptiveLimiterConfig {
	setDefault(&c.MinLimit, 1)
	setDefault(&c.MaxLimit, max(1000, c.InitialLimit))
	setDefault(&c.InitialLimit, max(c.MinLimit, min(20, c.MaxLimit)))
	if c.IsOverload == nil {
		c.IsOverload = func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	}
	return c
}

// AdaptiveLimiter limits how many calls there are at a time, and finds out by
// itself how many are good: as long as calls take about as long as the fastest
// of the last minute, the limit grows; when they take longer, because they
// queue, it shrinks in proportion. This is the gradient of Netflix'
// concurrency-limits (GradientLimit), a descendant of TCP Vegas (Brakmo and
// Peterson, 1995). What the fastest calls take is looked for anew each half
// minute, with half the limit, as BBR does (Cardwell et al., 2016): under steady
// load the queue's own time would else be taken for the service's. A call that
// fails by overload shrinks the limit by a tenth.
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
	fastest  time.Duration // call of this period; 0: none yet
	before   time.Duration // the same of the period before
	rotateAt time.Duration // when the next period begins
	sample   sample
}

// sample is what calls have shown since the limit was last changed.
type sample struct {
	until      time.Duration // when the limit is changed next
	calls      int
	took       time.Duration // all of them
	mostActive int
	overloaded bool
}

// NewAdaptiveLimiter makes a limiter. If config is not valid, Execute returns the
// error of its Validate.
func NewAdaptiveLimiter(config AdaptiveLimiterConfig) *AdaptiveLimiter {
	c := config.WithDefaults()
	return &AdaptiveLimiter{config: c, invalid: config.Validate(), epoch: time.Now(), limit: float64(c.InitialLimit), rotateAt: probePeriod}
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

// The numbers of the gradient.
const (
	tolerance      = 1.5 // how much slower than the fastest is no sign of a queue
	smoothing      = 0.4 // of a step that is taken
	overloadFactor = 0.9 // of the limit after an overload
	probeFactor    = 0.5 // of the limit when a period begins
	probePeriod    = 30 * time.Second
)

// end takes in what a call has shown: how long it took, if it succeeded. The
// limit changes at most once in the time of two calls: many that end together
// show one thing, not many.
func (l *AdaptiveLimiter) end(active int, took time.Duration, overloaded bool) {
	now := time.Since(l.epoch)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	s := &l.sample
	s.overloaded = s.overloaded || overloaded
	if took > 0 {
		l.learn(took, now)
		s.calls++
		s.took += took
		s.mostActive = max(s.mostActive, active)
	}
	if now < s.until || !s.overloaded && s.calls == 0 {
		return
	}
	l.change()
	l.sample = sample{until: now + max(minSample, 2*l.fastest)}
}

const minSample = 10 * time.Millisecond

// change is one step of the limit.
func (l *AdaptiveLimiter) change() {
	s := &l.sample
	if s.overloaded {
		l.set(l.limit * overloadFactor)
		return
	}
	if float64(s.mostActive) < l.limit/2 { // the limit was not what limited
		return
	}
	fastest := l.fastest
	if l.before > 0 {
		fastest = min(fastest, l.before)
	}
	took := s.took / time.Duration(s.calls)
	gradient := max(0.5, min(1, tolerance*float64(fastest)/float64(took)))
	l.set(l.limit*(1-smoothing) + (l.limit*gradient+math.Sqrt(l.limit))*smoothing)
}

// learn keeps what the fastest calls take, of this period and the one before.
func (l *AdaptiveLimiter) learn(took, now time.Duration) {
	if now >= l.rotateAt {
		l.before, l.fastest = l.fastest, 0
		l.rotateAt = now + probePeriod
		l.set(l.limit * probeFactor)
	}
	if l.fastest == 0 || took < l.fastest {
		l.fastest = took
	}
}

func (l *AdaptiveLimiter) set(limit float64) {
	l.limit = max(float64(l.config.MinLimit), min(limit, float64(l.config.MaxLimit)))
}
