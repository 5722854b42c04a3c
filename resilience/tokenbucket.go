// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math"
	"time"
)

// tokenBucket fills with tokens at a rate, up to a burst. It is the generic cell
// rate algorithm (ITU-T I.371, virtual scheduling): instead of tokens it keeps
// the time of the next one, so that nothing is counted up and nothing lost to
// rounding. Times are those of one clock, which the caller reads and which does
// not go back.
type tokenBucket struct {
	interval float64       // between two tokens, in nanoseconds
	depth    time.Duration // how long ago the next token came if the bucket is full
	next     time.Duration // when the next token comes, or has come
	rest     float64       // of a nanosecond, by which it comes later
}

// farAway is more than anybody waits for, and less than what overflows.
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

// change changes rate and burst. The tokens that there are stay, as far as the
// new burst has room for them.
func (b *tokenBucket) change(perSecond float64, burst int, now time.Duration) {
	tokens := (float64(now-b.next) - b.rest) / b.interval // less one; a part of a token is negative
	b.setRate(perSecond, burst)
	b.next, b.rest = now, 0
	b.move(-min(tokens*b.interval, float64(b.depth)))
}

// settle drops the tokens that are more than the burst; those that have come for
// calls that wait must have been taken before. If the clock has gone back, as
// between a test in virtual time and what is outside of it, the bucket is full.
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

// putBack puts a token back that has been taken.
func (b *tokenBucket) putBack() { b.move(-b.interval) }

// wait returns how long it is until there is a token for who has others before
// him.
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
