// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"
)

// health counts the failures of an instance since its last success, in one word:
//
//	era, 32 bits | failing, 1 bit | failures, 31 bits
//
// An era ends when the instance begins to fail or comes back. The results of requests
// that began in another era count for nothing.
type health struct{ word atomic.Uint64 }

const (
	failingBit  = 1 << 31
	maxFailures = 1 << 20
)

func (h *health) era() uint32     { return uint32(h.word.Load() >> 32) }
func (h *health) isFailing() bool { return h.word.Load()&failingBit != 0 }

// succeed ends a row of failures. It reports whether the instance was failing, which
// the balancer has to know.
func (h *health) succeed(era uint32) (wasFailing bool) {
	for {
		word := h.word.Load()
		switch {
		case uint32(word) == 0 || uint32(word>>32) != era:
			return false
		case word&failingBit != 0:
			return true
		case h.word.CompareAndSwap(word, uint64(era)<<32):
			return false
		}
	}
}

// fail counts a failure. It reports whether the instance begins to fail.
func (h *health) fail(era uint32, threshold int) (begins bool) {
	for {
		word := h.word.Load()
		if word&failingBit != 0 || uint32(word>>32) != era {
			return false
		}
		failures := min(uint32(word)+1, maxFailures)
		if h.word.CompareAndSwap(word, uint64(era)<<32|uint64(failures)) {
			return int(failures) >= threshold
		}
	}
}

// begin begins an era.
func (h *health) begin(state uint32) {
	for {
		word := h.word.Load()
		if h.word.CompareAndSwap(word, (word>>32+1)<<32|uint64(state)) {
			return
		}
	}
}

// ejection is what a balancer knows of an instance's ejections. Times are of the
// balancer's clock.
type ejection struct {
	since, until time.Duration // of the last one
	endedAt      time.Duration
	times        int // ejected, one after the other
	reason       string
}

// beginFailing is called for an instance that has failed too often. Whether it is
// ejected depends on how many others are.
func (m *member) beginFailing(now time.Duration, reason string, settings *OutlierDetectionConfig) {
	e := &m.ejection
	if e.times > 0 && now-e.endedAt >= settings.longest() {
		e.times = 0
	}
	e.since, e.until = now, now+settings.ejection(e.times)
	e.reason = reason
	e.times++
	m.health.begin(failingBit)
}

// comeBack ends the failing. The first failure that follows begins it again, unless
// the instance has succeeded.
func (m *member) comeBack(now time.Duration, hasSucceeded bool, settings *OutlierDetectionConfig) {
	m.ejection.endedAt = now
	failures := uint32(settings.ConsecutiveFailures - 1)
	if hasSucceeded {
		failures = 0
	}
	m.health.begin(failures)
}
