// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"
)

const (
	// Latencies decide between two instances only if one is above the first and
	// more than the second times the other: below, what differs is noise.
	decidesAbove = time.Millisecond
	decidesRatio = 1.5
	// falls is by which part of the difference an average falls to a measurement
	// below it. To one above, it rises at once.
	falls = 8
	// How often an instance loses because it is slow before it is tried again:
	// what is known of it may be old, or was the price of a new connection.
	leastPatience, mostPatience = 8, 256
)

// latency is a moving average of what requests took that follows peaks at once, and
// how often it has kept its instance from being chosen.
type latency struct {
	average atomic.Int64  // 0: none yet
	losses  atomic.Uint32 // patience, and below, how often it has lost since it was tried
}

const (
	lossBits = 16
	lossMask = 1<<lossBits - 1
)

// lose counts that the instance was not chosen because it is slow. It reports whether
// it is to be tried all the same.
func (l *latency) lose() (isTried bool) {
	now := l.losses.Add(1)
	patience := max(now>>lossBits, leastPatience)
	return now&lossMask >= patience && l.losses.CompareAndSwap(now, patience<<lossBits)
}

// observe adds a measurement. What a request took that did not succeed may raise the
// average, but does not lower it.
func (l *latency) observe(took time.Duration, succeeded bool) {
	for took > 0 {
		before := l.average.Load()
		after := int64(took)
		if after < before {
			if !succeeded {
				return
			}
			after = before - (before-after)/falls
		}
		if after == before || l.average.CompareAndSwap(before, after) {
			return
		}
	}
}

// retried replaces the average by the measurement of an instance that was tried
// although it is slow. If it still is, it has to wait for longer.
func (l *latency) retried(took time.Duration, succeeded bool) {
	before := l.average.Load()
	patience := max(l.losses.Load()>>lossBits, leastPatience)
	if succeeded && took > 0 {
		l.average.CompareAndSwap(before, int64(took))
	} else {
		l.observe(took, false)
	}
	if succeeded && float64(took)*decidesRatio < float64(before) {
		patience = leastPatience
	} else {
		patience = min(patience*2, mostPatience)
	}
	l.losses.Store(patience << lossBits)
}

// differ reports whether two averages decide.
func differ(a, b int64) bool {
	fast, slow := min(a, b), max(a, b)
	return fast > 0 && slow > int64(decidesAbove) && float64(slow) > decidesRatio*float64(fast)
}
