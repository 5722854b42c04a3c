// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math"
	"time"
)

// tokenBucket gets tokens at a rate and holds at most a burst of them. It is the generic
// cell rate algorithm (ITU-T I.371, virtual scheduling): it stores the time of the next
// token instead of a number of tokens, so nothing is lost to rounding. The caller reads
// the clock.
type tokenBucket struct {
	interval float64       // between two tokens, in nanoseconds
	depth    time.Duration // for how long the next token has been due if the bucket is full
	next     time.Duration // when the next token is due, or was
	rest     float64       // fraction of a nanosecond by which it comes later
}

// farAway is longer than any wait, and so short that sums do not overflow.
const farAway time.Duration = 1 << 60

func newTokenBucket(perSecond float64, burst int, now time.Duration) tokenBucket {
	b := tokenBucket{next: now}
	b.setRate(perSecond, burst)
	b.next -= b.depth
	return b
}

func (b *tokenBucket) setRate(perSecond float64, burst int) {
	b.interval = min(float64(time.Second)/perSecond, float64(farAway))
	b.depth = time.Duration(min(float64(burst-1)*b.interval, float64(farAway)))
}

// change changes rate and burst. The bucket keeps its tokens, up to the new burst.
func (b *tokenBucket) change(perSecond float64, burst int, now time.Duration) {
	tokens := (float64(now-b.next) - b.rest) / b.interval // less one; a part of a token is negative
	b.setRate(perSecond, burst)
	b.next, b.rest = now, 0
	b.move(-min(tokens*b.interval, float64(b.depth)))
}

// settle drops the tokens beyond the burst; waiting calls must have taken theirs before.
// If the clock has gone back, because a test in virtual time uses a limiter that was
// created outside of it, the bucket is full afterwards.
func (b *tokenBucket) settle(now time.Duration) {
	earliest, latest := now-b.depth, now+time.Duration(b.interval)+1
	if b.next < earliest || b.next > latest {
		b.next, b.rest = earliest, 0
	}
}

// take takes a token if there is one.
func (b *tokenBucket) take(now time.Duration) bool {
	if b.next > now {
		return false
	}
	b.move(b.interval)
	return true
}

// putBack returns a token to the bucket.
func (b *tokenBucket) putBack() { b.move(-b.interval) }

// wait returns the time until there is a token for a call with so many others before it.
func (b *tokenBucket) wait(now time.Duration, others int) time.Duration {
	further := math.Floor(b.rest + float64(others)*b.interval)
	return max(0, b.next-now) + time.Duration(min(further, float64(farAway)))
}

// move moves the time of the next token.
func (b *tokenBucket) move(nanoseconds float64) {
	exact := b.rest + nanoseconds
	whole := math.Floor(exact)
	b.next += time.Duration(whole)
	b.rest = exact - whole
}
