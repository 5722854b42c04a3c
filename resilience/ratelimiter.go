// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// RateLimiterConfig configures a [RateLimiter]. A zero field means its default.
type RateLimiterConfig struct {
	// Name is shown in errors.
	Name string `koanf:"name"`
	// PerSecond is the number of calls per second. It must be set.
	PerSecond float64 `koanf:"per-second"`
	// Burst is the number of calls that may begin at once after a pause. Default
	// PerSecond, but at least 1.
	Burst int `koanf:"burst"`
	// MaxWait is the maximum time that a call waits for a token. Default 0: calls do
	// not wait.
	MaxWait time.Duration `koanf:"max-wait"`
}

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c RateLimiterConfig) Validate() error {
	var perSecond error
	if !(c.PerSecond > 0) || math.IsInf(c.PerSecond, 0) {
		perSecond = wrongField("per-second", "per-second is %v: it must be above 0", c.PerSecond)
	}
	return errors.Join(perSecond, notNegative("burst", c.Burst), noNegativeTime("max-wait", c.MaxWait))
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *RateLimiterConfig) SetExplicitZero(key string) {
	if key == "burst" {
		c.Burst = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
func (c RateLimiterConfig) WithDefaults() RateLimiterConfig {
	setDefault(&c.Burst, max(1, int(min(c.PerSecond, math.MaxInt32))))
	c.MaxWait = max(0, c.MaxWait)
	return c
}

// RateLimiter limits the rate of calls. It is a token bucket: it holds at most Burst
// tokens and gets PerSecond new ones each second, and each call takes one. Waiting
// calls get tokens in the order in which they arrived. A call that is rejected takes
// no token, and a call that stops waiting leaves its token to the next, so the rate
// does not depend on what calls do.
//
// A call takes a lock for a short time and reads the clock, twice if there is no
// token; it allocates only if it waits or is rejected. At most PerSecond times
// MaxWait calls wait at the same time. RateLimiter is safe for concurrent use.
type RateLimiter struct {
	epoch   time.Time // from which the monotonic clock is read
	invalid error

	mu      sync.Mutex
	config  RateLimiterConfig
	bucket  tokenBucket
	waiting list.List // of *turn
}

// turn is a waiting call. The first in the queue waits until there is a token; each of
// the others waits until it is the first.
type turn struct {
	begun  time.Duration // when the wait began
	latest time.Duration // when the token must be available: the deadline of the call
	place  *list.Element // in the queue; nil when the wait is over
	err    error         // why the wait is over without a token
	woken  chan struct{} // the above has changed, or the turn is the first
}

func (t *turn) wake() {
	select {
	case t.woken <- struct{}{}:
	default: // it has been woken already
	}
}

// NewRateLimiter returns a rate limiter. If config is not valid, Execute returns
// the error of its Validate.
func NewRateLimiter(config RateLimiterConfig) *RateLimiter {
	l := &RateLimiter{epoch: time.Now(), invalid: config.Validate(), config: config.WithDefaults()}
	if l.invalid == nil {
		l.bucket = newTokenBucket(l.config.PerSecond, l.config.Burst, 0)
	}
	return l
}

// Reconfigure changes the configuration. The bucket keeps its tokens. Waiting calls get
// tokens at the new rate; those that would wait longer than the new MaxWait, or past
// their deadlines, are rejected. If config is not valid, or the limiter was created
// with a configuration that was not, Reconfigure returns an error and changes nothing.
func (l *RateLimiter) Reconfigure(config RateLimiterConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if l.invalid != nil {
		return l.invalid
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.serve()
	l.config = config.WithDefaults()
	l.bucket.change(l.config.PerSecond, l.config.Burst, now)
	l.rejectLate(now)
	l.wakeFirst()
	return nil
}

// Execute runs fn as soon as there is a token for it. If the wait would be longer than
// MaxWait, or end after ctx's deadline, it returns a [*RejectedError] of kind
// [ErrRateLimitReached] at once. If ctx is done while the call waits, it returns
// ctx's error.
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
	if l.take() {
		return nil
	}
	left := farAway
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	done := ctx.Done()
	t, err := l.enqueue(left)
	if t == nil {
		return err
	}
	return l.wait(ctx, done, t)
}

// take takes a token if there is one. While calls wait, there is none.
func (l *RateLimiter) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket.take(l.serve())
}

// enqueue returns the turn of a call whose deadline is after the given time. It returns
// nil if there is a token now, or if the wait would be too long.
func (l *RateLimiter) enqueue(left time.Duration) (*turn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.serve()
	if l.bucket.take(now) {
		return nil, nil
	}
	if err := l.tooLate(now, now+left, now, l.waiting.Len()); err != nil {
		return nil, err
	}
	t := &turn{begun: now, latest: now + left, woken: make(chan struct{}, 1)}
	t.place = l.waiting.PushBack(t)
	return t, nil
}

// tooLate returns the error of a turn that would wait too long, with so many others
// before it. The caller holds the lock.
func (l *RateLimiter) tooLate(begun, latest, now time.Duration, others int) error {
	delay := l.bucket.wait(now, others)
	if at := now + delay; at-begun <= l.config.MaxWait && at < latest {
		return nil
	}
	return &RejectedError{Name: l.config.Name, Kind: ErrRateLimitReached, RetryAfter: delay}
}

// wait returns when the call has got a token, is rejected, or its context is done.
func (l *RateLimiter) wait(ctx context.Context, done <-chan struct{}, t *turn) error {
	for {
		due, isOver := l.look(t)
		if isOver {
			break
		}
		select {
		case <-due:
		case <-t.woken:
		case <-done:
			l.giveUp(t)
			return ctx.Err()
		}
	}
	if t.err != nil {
		return t.err
	}
	if err := ctx.Err(); err != nil { // at the same moment
		l.giveUp(t)
		return err
	}
	return nil
}

// look reports whether the wait is over. If it is not, and the turn is the first, it
// returns a channel that receives when the token is due.
func (l *RateLimiter) look(t *turn) (due <-chan time.Time, isOver bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.serve()
	if t.place != nil && t.place == l.waiting.Front() {
		due = time.After(l.bucket.wait(now, 0))
	}
	return due, t.place == nil
}

// giveUp ends the wait of a call, and leaves its token, if it has got one, to the next.
func (l *RateLimiter) giveUp(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case t.place != nil:
		l.remove(t)
	case t.err == nil:
		l.bucket.putBack()
	}
	l.serve()
	l.wakeFirst()
}

// serve reads the clock and gives waiting calls all tokens that are due, even if it is
// called late: no token is lost. The caller holds the lock.
func (l *RateLimiter) serve() (now time.Duration) {
	now = time.Since(l.epoch)
	for first := l.first(); first != nil && l.bucket.take(now); first = l.first() {
		l.remove(first)
		l.wakeFirst()
	}
	if l.waiting.Len() == 0 {
		l.bucket.settle(now)
	}
	return now
}

// rejectLate rejects the calls that would wait too long. The caller holds the lock.
func (l *RateLimiter) rejectLate(now time.Duration) {
	others := 0
	for e := l.waiting.Front(); e != nil; {
		t := e.Value.(*turn)
		e = e.Next()
		if t.err = l.tooLate(t.begun, t.latest, now, others); t.err != nil {
			l.remove(t)
		} else {
			others++
		}
	}
}

func (l *RateLimiter) first() *turn {
	if e := l.waiting.Front(); e != nil {
		return e.Value.(*turn)
	}
	return nil
}

func (l *RateLimiter) wakeFirst() {
	if first := l.first(); first != nil {
		first.wake()
	}
}

// remove ends the wait for a turn.
func (l *RateLimiter) remove(t *turn) {
	l.waiting.Remove(t.place)
	t.place = nil
	t.wake()
}
