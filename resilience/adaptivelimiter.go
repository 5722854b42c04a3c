// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// AdaptiveLimiterConfig configures an [AdaptiveLimiter]. A zero field means its
// default.
type AdaptiveLimiterConfig struct {
	// Name is shown in errors.
	Name string `koanf:"name"`
	// InitialLimit is the limit at the beginning. Default 20.
	InitialLimit int `koanf:"initial-limit"`
	// MinLimit and MaxLimit are the bounds of the limit. Default 1, and 1000 or the
	// larger of the other two fields.
	MinLimit int `koanf:"min-limit"`
	MaxLimit int `koanf:"max-limit"`
	// IsOverload reports whether an error shows that the service is overloaded. It must
	// be safe for concurrent use. nil: those that are context.DeadlineExceeded.
	IsOverload func(error) bool `koanf:"-"`
}

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c AdaptiveLimiterConfig) Validate() error {
	var order error
	d := c.WithDefaults()
	isNegative := d.InitialLimit < 0 || d.MinLimit < 0 || d.MaxLimit < 0 // and so in the error already
	if !isNegative && (d.MinLimit > d.InitialLimit || d.InitialLimit > d.MaxLimit) {
		order = wrongTogether([]string{"initial-limit", "max-limit", "min-limit"}, "min-limit %d, initial-limit %d, max-limit %d: they must be in ascending order",
			d.MinLimit, d.InitialLimit, d.MaxLimit)
	}
	return errors.Join(notNegative("initial-limit", c.InitialLimit), notNegative("min-limit", c.MinLimit),
		notNegative("max-limit", c.MaxLimit), order)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *AdaptiveLimiterConfig) SetExplicitZero(key string) {
	switch key {
	case "initial-limit":
		c.InitialLimit = explicitZero
	case "min-limit":
		c.MinLimit = explicitZero
	case "max-limit":
		c.MaxLimit = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
func (c AdaptiveLimiterConfig) WithDefaults() AdaptiveLimiterConfig {
	setDefault(&c.MinLimit, 1)
	setDefault(&c.MaxLimit, max(1000, c.InitialLimit, c.MinLimit))
	setDefault(&c.InitialLimit, max(c.MinLimit, min(20, c.MaxLimit)))
	if c.IsOverload == nil {
		c.IsOverload = func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	}
	return c
}

// AdaptiveLimiter limits the number of concurrent calls, and finds a good limit itself.
// It compares the average duration of calls with their duration without a queue. While
// the two are similar, the limit grows; if calls take longer, because they queue, it
// shrinks in proportion. A call that fails because of overload reduces it by a tenth.
//
// The steps are those of the gradient algorithm of Netflix' concurrency-limits
// (Gradient2Limit, https://github.com/Netflix/concurrency-limits): averages of at
// least ten calls, so that calls of several kinds do no harm, a tolerance of 1.5, a
// queue of the square root of the limit, and no growth while less than half of the
// limit is used. Gradient2 compares with a long average, which includes the queue if
// the load is steady. AdaptiveLimiter instead measures the duration of calls every
// half minute with a lower limit, for fifty calls, like the adaptive concurrency filter
// of Envoy (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter).
// Afterwards the limit is as before, unless calls were so much faster that they must
// have queued. While less than half of the limit is used, no such measurement is
// necessary, and a limit that overload has reduced grows back to InitialLimit.
//
// A call takes a lock twice for a short time and reads the clock twice; it allocates
// nothing. AdaptiveLimiter is safe for concurrent use.
type AdaptiveLimiter struct {
	config  atomic.Pointer[AdaptiveLimiterConfig]
	invalid error
	epoch   time.Time

	mu          sync.Mutex
	latest      time.Duration // reading of the clock
	limit       float64
	active      int
	usual       float64 // duration of a call without a queue, in nanoseconds; 0: not known yet
	sample      sample
	measureAt   time.Duration // when usual is measured next, if the limit is used
	isMeasuring bool
	measurement measurement
}

// sample is what is known of the calls since the limit was last changed.
type sample struct {
	until      time.Duration // when the limit is changed next
	calls      int
	took       float64 // nanoseconds, of all of them
	mostActive int
	overloaded bool
}

func (s *sample) add(took time.Duration, active int) {
	s.calls++
	s.took += float64(max(1, took))
	s.mostActive = max(s.mostActive, active)
}

func (s *sample) average() float64 { return s.took / float64(s.calls) }

// measurement measures the duration of calls without a queue. It includes the first
// calls that begin in it; the first that end would be the short ones.
type measurement struct {
	from   time.Duration // when it began
	until  time.Duration // when it ends at the latest
	before float64       // the limit before, if it was lowered; else 0
	took   float64       // average duration of a call before
	begun  int           // calls that are included
	ended  int           // of them
	sample sample        // calls that succeeded
}

// NewAdaptiveLimiter returns a limiter. If config is not valid, Execute returns the
// error of its Validate.
func NewAdaptiveLimiter(config AdaptiveLimiterConfig) *AdaptiveLimiter {
	c := config.WithDefaults()
	l := &AdaptiveLimiter{invalid: config.Validate(), epoch: time.Now(), limit: float64(c.InitialLimit)}
	l.config.Store(&c)
	l.beginMeasurement(0, forever)
	return l
}

// Reconfigure changes the configuration. It does not affect running calls. The limit is
// kept within the new bounds, and so are all measurements. If config is not valid, or
// the limiter was created with a configuration that was not, Reconfigure returns an
// error and changes nothing.
func (l *AdaptiveLimiter) Reconfigure(config AdaptiveLimiterConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if l.invalid != nil {
		return l.invalid
	}
	c := config.WithDefaults()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.config.Store(&c)
	l.set(l.limit)
	return nil
}

// Limit returns the current limit.
func (l *AdaptiveLimiter) Limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit >= math.MaxInt {
		return math.MaxInt
	}
	return int(l.limit)
}

// Execute runs fn if fewer calls are running than the limit. Otherwise it returns a
// [*RejectedError] of kind [ErrBulkheadFull].
func (l *AdaptiveLimiter) Execute(ctx context.Context, fn func(context.Context) error) error {
	if l.invalid != nil {
		return l.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	call, ok := l.begin()
	if !ok {
		return &RejectedError{Name: l.config.Load().Name, Kind: ErrBulkheadFull}
	}
	end := callFailed
	defer func() { l.end(call, end) }() // after a panic, too
	err := fn(ctx)
	switch {
	case err == nil:
		end = callSucceeded
	case !errors.Is(ctx.Err(), context.Canceled) && l.config.Load().IsOverload(err):
		end = callOverloaded
	}
	return err
}

// limitedCall is a running call.
type limitedCall struct {
	begun      time.Duration
	active     int // with this one
	isMeasured bool
}

// callEnd is how a call has ended.
type callEnd uint8

const (
	callFailed     callEnd = iota // neither of the others
	callSucceeded                 // its duration counts
	callOverloaded                // with an error that IsOverload matches
)

// begin returns false if there is no room for a call.
func (l *AdaptiveLimiter) begin() (limitedCall, bool) {
	now := time.Since(l.epoch)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.latest-now > hasGoneBack {
		l.sample, l.measureAt = sample{until: now}, now+measureEvery
		l.beginMeasurement(now, forever)
	}
	l.latest = now
	if m := &l.measurement; l.isMeasuring && now >= m.until {
		l.endMeasurement(now)
	}
	if float64(l.active+1) > l.limit {
		return limitedCall{}, false
	}
	l.active++
	call := limitedCall{begun: now, active: l.active}
	if m := &l.measurement; l.isMeasuring && m.begun < measuredCalls {
		m.begun++
		call.isMeasured = true
	}
	return call, true
}

// The parameters of the algorithm.
const (
	tolerance       = 1.5 // factor up to which longer calls are no sign of a queue
	smoothing       = 0.4 // share of a step that is taken
	overloadFactor  = 0.9 // of the limit after an overload
	measuringFactor = 0.5 // of the limit during a measurement
	measureEvery    = 30 * time.Second
	measuredCalls   = 50
	sampledCalls    = 10
	shortestSample  = 10 * time.Millisecond
	learning        = 0.2  // share of a sample in usual
	forgetting      = 0.95 // share of usual that is kept if calls take less than half of it
)

// end records the end of a call. The limit changes at most once in the time of two calls:
// many calls that end together are one observation.
func (l *AdaptiveLimiter) end(call limitedCall, end callEnd) {
	now := time.Since(l.epoch)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	l.measure(call, end, now)
	s := &l.sample
	switch end {
	case callOverloaded:
		s.overloaded = true
	case callSucceeded:
		s.add(now-call.begun, call.active)
	}
	if now < s.until || !s.overloaded && (s.calls < sampledCalls || l.isMeasuring) {
		return
	}
	l.change(now)
	l.sample = sample{until: now + max(shortestSample, l.usualFor(2))}
}

// measure records the end of a call in the measurement, which ends with the last of its
// calls, or if a call shows overload.
func (l *AdaptiveLimiter) measure(call limitedCall, end callEnd, now time.Duration) {
	if !l.isMeasuring {
		return
	}
	m := &l.measurement
	if call.isMeasured && call.begun >= m.from {
		m.ended++
		if end == callSucceeded {
			m.sample.add(now-call.begun, call.active)
		}
	}
	if end == callOverloaded || m.ended == measuredCalls || now >= m.until {
		l.endMeasurement(now)
	}
}

// usualFor returns the duration of a number of calls, one after the other.
func (l *AdaptiveLimiter) usualFor(calls float64) time.Duration {
	return time.Duration(min(calls*l.usual, float64(farAway)))
}

// change changes the limit by one step.
func (l *AdaptiveLimiter) change(now time.Duration) {
	s := &l.sample
	if s.overloaded {
		l.set(l.limit * overloadFactor)
		return
	}
	took := s.average()
	isUsed := float64(s.mostActive) >= l.limit/2
	switch {
	case !isUsed:
		l.usual += (took - l.usual) * learning
	case took < l.usual/2:
		l.usual *= forgetting
	}
	if !isUsed {
		l.recover()
		return
	}
	gradient := max(0.5, min(1, tolerance*l.usual/took))
	l.set(l.limit*(1-smoothing) + (l.limit*gradient+math.Sqrt(l.limit))*smoothing)
	if now >= l.measureAt {
		l.beginMeasurement(now, now+l.usualFor(10)+time.Second)
		l.measurement.before, l.measurement.took = l.limit, took
		l.set(l.limit * measuringFactor)
	}
}

// recover increases a limit that overload has reduced, up to InitialLimit.
func (l *AdaptiveLimiter) recover() {
	if initial := float64(l.config.Load().InitialLimit); l.limit < initial {
		l.set(min(initial, l.limit+math.Sqrt(l.limit)*smoothing))
	}
}

func (l *AdaptiveLimiter) beginMeasurement(now, until time.Duration) {
	l.isMeasuring = true
	l.measurement = measurement{from: now, until: until}
}

// endMeasurement sets usual and restores the limit. But if calls were much faster with
// the lower limit, they had queued before: then the limit stays lower, and the next
// measurement follows soon. As long as usual is not known, it begins another one.
func (l *AdaptiveLimiter) endMeasurement(now time.Duration) {
	m := l.measurement
	l.isMeasuring, l.measureAt, l.sample = false, now+measureEvery, sample{until: l.sample.until}
	if m.sample.calls >= sampledCalls {
		l.usual = m.sample.average()
		if tolerance*l.usual < m.took {
			l.measureAt = now + l.usualFor(10)
			return
		}
	}
	l.set(max(l.limit, m.before))
	if l.usual == 0 {
		l.beginMeasurement(now, forever)
	}
}

func (l *AdaptiveLimiter) set(limit float64) {
	c := l.config.Load()
	l.limit = max(float64(c.MinLimit), min(limit, float64(c.MaxLimit)))
}
