// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"sync/atomic"
	"time"
)

// outcome is how a call ended.
type outcome uint32

const (
	recorded outcome = 1 << iota
	failed
	slowCall
)

// tally holds the counts of a window.
type tally struct{ calls, failures, slow int64 }

// reaches reports whether one of the rates of a configuration is reached.
func (t tally) reaches(c *CircuitBreakerConfig) bool {
	if t.calls < int64(c.MinimumCalls) || t.calls == 0 {
		return false
	}
	calls := float64(t.calls)
	return float64(t.failures) >= c.FailureRate*calls && t.failures > 0 ||
		float64(t.slow) >= c.SlowCallRate*calls && t.slow > 0
}

// window holds the outcomes of calls since the circuit closed. It is never cleared but
// replaced. It is safe for concurrent use without locks, and of a fixed size.
type window struct {
	generation uint32
	count      *countWindow // nil: it is a time window
	time       *timeWindow
	isChanged  atomic.Bool // the rates that open the circuit have changed since they were checked
}

func newWindow(c *CircuitBreakerConfig, generation uint32) *window {
	switch c.SlidingWindow {
	case CountWindow:
		return &window{generation: generation, count: &countWindow{slots: make([]atomic.Uint32, c.WindowSize)}}
	case TimeWindow:
		return &window{generation: generation, time: &timeWindow{step: max(1, c.WindowDuration/timeBuckets)}}
	}
	return nil
}

// add adds an outcome, and reports whether the rates of c must be checked: most
// successes cannot raise them.
func (w *window) add(o outcome, now time.Duration, c *CircuitBreakerConfig) bool {
	if w.count != nil {
		n := w.count.add(o)
		return o != recorded || n == uint64(c.MinimumCalls) || w.isChanged.Load() && w.isChanged.Swap(false)
	}
	return w.time.add(o, now)
}

func (w *window) tally(now time.Duration) tally {
	if w.count != nil {
		return w.count.tally()
	}
	return w.time.tally(now)
}

// countWindow is a ring of the last outcomes, with counts of failures and slow calls.
// An outcome that equals the one that it replaces writes only the ring's head.
type countWindow struct {
	head     atomic.Uint64 // outcomes so far
	_        [56]byte      // what every call writes shares no cache line with what it reads
	failures atomic.Int64
	slow     atomic.Int64
	slots    []atomic.Uint32
}

// add returns the number of outcomes added so far.
func (w *countWindow) add(o outcome) uint64 {
	n := w.head.Add(1)
	slot := &w.slots[(n-1)%uint64(len(w.slots))]
	old := outcome(slot.Load())
	if old == o {
		return n
	}
	old = outcome(slot.Swap(uint32(o)))
	if change := o.has(failed) - old.has(failed); change != 0 {
		w.failures.Add(change)
	}
	if change := o.has(slowCall) - old.has(slowCall); change != 0 {
		w.slow.Add(change)
	}
	return n
}

func (w *countWindow) tally() tally {
	return tally{int64(min(w.head.Load(), uint64(len(w.slots)))), w.failures.Load(), w.slow.Load()}
}

func (o outcome) has(flag outcome) int64 {
	if o&flag != 0 {
		return 1
	}
	return 0
}

// timeBuckets is the number of steps of a time window.
const timeBuckets = 10

// timeWindow counts outcomes by the step in which they ended.
type timeWindow struct {
	step    time.Duration
	isSick  atomic.Bool // there was a failure or a slow call
	buckets [timeBuckets]atomic.Pointer[timeBucket]
}

// timeBucket counts the outcomes of one step.
type timeBucket struct {
	step                  int64
	calls, failures, slow atomic.Int64
}

func (w *timeWindow) add(o outcome, now time.Duration) bool {
	b := w.bucket(int64(now / w.step))
	if b == nil {
		return false
	}
	b.calls.Add(1)
	if o != recorded {
		b.failures.Add(o.has(failed))
		b.slow.Add(o.has(slowCall))
		if !w.isSick.Load() {
			w.isSick.Store(true)
		}
	}
	return w.isSick.Load()
}

// bucket returns the bucket of a step, or nil if a later step has replaced it.
func (w *timeWindow) bucket(step int64) *timeBucket {
	place := &w.buckets[(step%timeBuckets+timeBuckets)%timeBuckets] // step is negative if the clock has gone back
	for {
		b := place.Load()
		switch {
		case b != nil && b.step == step:
			return b
		case b != nil && b.step > step && b.step-step < int64(hasGoneBack/w.step)+timeBuckets:
			return nil
		}
		next := &timeBucket{step: step}
		if place.CompareAndSwap(b, next) {
			return next
		}
	}
}

func (w *timeWindow) tally(now time.Duration) tally {
	last := int64(now / w.step)
	var sum tally
	for i := range w.buckets {
		if b := w.buckets[i].Load(); b != nil && b.step > last-timeBuckets && b.step <= last {
			sum.calls += b.calls.Load()
			sum.failures += b.failures.Load()
			sum.slow += b.slow.Load()
		}
	}
	return sum
}
