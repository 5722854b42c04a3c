// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math"
	"time"
)

// forever is the longest duration. Sums and products of durations end there
// instead of overflowing.
const forever time.Duration = math.MaxInt64

// A clock that goes back by more than hasGoneBack is a different clock: that of a
// test in virtual time, which uses a policy that was created outside of it.
const hasGoneBack = time.Hour

// sumOf adds two durations that are not negative.
func sumOf(a, b time.Duration) time.Duration {
	if a > forever-b {
		return forever
	}
	return a + b
}

// textOf returns a duration as it is written in JSON; "" for zero, which is omitted.
func textOf(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return max(0, d).String() // NoDelay is negative
}

// grown returns base times factor to the power of n, but at most most. It takes the
// same time for every n.
func grown(base time.Duration, factor float64, n int, most time.Duration) time.Duration {
	if base <= 0 || n <= 0 || factor == 1 {
		return min(base, most)
	}
	d := float64(base) * math.Pow(factor, float64(n))
	if d >= float64(most) {
		return most
	}
	return time.Duration(d)
}
