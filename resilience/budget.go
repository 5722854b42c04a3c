// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// RetryBudget limits retries to a share of the calls of the last ten seconds, plus a few
// per second that are always allowed, so that retries do not multiply the load on a
// failing service. The idea is that of Finagle's RetryBudget; see also "Handling
// Overload" in Site Reliability Engineering (Beyer et al., 2016).
//
// Share one budget among the policies of one service. A call costs an atomic
// addition; only a retry takes a lock and reads the clock. RetryBudget is safe for
// concurrent use.
type RetryBudget struct {
	calls    atomic.Int64
	isHedged atomic.Bool // a Hedge shares it
	begun    time.Time

	mu     sync.Mutex
	ratio  float64
	period time.Duration   // in which as many retries as recent holds are always allowed
	marks  []mark          // of the last ten seconds and one before, oldest first
	recent []time.Duration // a ring of the times of the last retries
	next   int             // place of the oldest in recent
}

// mark is a second in which a retry was asked for: how many calls there had
// been when it began and when it was last looked at, and the retries made in it.
type mark struct {
	first, last reading
	retries     int
}

// reading is the count of calls at a time since the budget was made.
type reading struct {
	at    time.Duration
	calls int64
}

const (
	budgetWindow = 10 * time.Second
	markInterval = time.Second
	longAgo      = -time.Duration(math.MaxInt64)
)

// NewRetryBudget returns a budget. It replaces a field that is not valid by the nearest
// valid value; use Validate to check values from outside of the program.
func NewRetryBudget(config RetryBudgetConfig) *RetryBudget {
	b := &RetryBudget{begun: time.Now(), marks: make([]mark, 1, budgetWindow/markInterval+2)}
	b.set(config.WithDefaults())
	return b
}

// Reconfigure changes the configuration. The calls and retries of the last ten seconds
// still count. If config is not valid, Reconfigure returns an error and changes
// nothing.
func (b *RetryBudget) Reconfigure(config RetryBudgetConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(config.WithDefaults())
	return nil
}

func (b *RetryBudget) set(c RetryBudgetConfig) {
	b.ratio = min(c.Ratio, 1)
	perSecond := min(c.MinPerSecond, maxMinPerSecond)
	if !(perSecond > 0) {
		b.recent, b.next, b.period = nil, 0, 0
		return
	}
	size := int(math.Ceil(perSecond))
	b.period = time.Duration(min(float64(size)/perSecond*float64(time.Second), float64(farAway)))
	if size == len(b.recent) {
		return
	}
	last := append(b.recent[b.next:len(b.recent):len(b.recent)], b.recent[:b.next]...) // oldest first
	last = last[max(0, len(last)-size):]
	b.recent, b.next = slices.Repeat([]time.Duration{longAgo}, size-len(last)), 0
	b.recent = append(b.recent, last...)
}

// Deposit counts a call. [RetryPolicy] and [Hedge] do so themselves.
func (b *RetryBudget) Deposit() { b.calls.Add(1) }

// withdraw reports whether there may be a retry now, and counts it.
func (b *RetryBudget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := reading{time.Since(b.begun), b.calls.Load()}
	b.advance(now)
	if !b.underMinimum(now.at) && !b.underRatio(now) {
		return false
	}
	b.marks[len(b.marks)-1].retries++
	if len(b.recent) > 0 {
		b.recent[b.next] = now.at
		b.next = (b.next + 1) % len(b.recent)
	}
	return true
}

// advance drops the marks before the window, except for the last of them, and begins a
// new one if the last is a second old.
func (b *RetryBudget) advance(now reading) {
	if b.marks[len(b.marks)-1].last.at-now.at > hasGoneBack {
		b.marks = append(b.marks[:0], mark{first: now})
		b.recent = slices.Repeat([]time.Duration{longAgo}, len(b.recent))
	}
	for len(b.marks) > 1 && b.marks[1].first.at <= now.at-budgetWindow {
		b.marks = append(b.marks[:0], b.marks[1:]...)
	}
	if now.at-b.marks[len(b.marks)-1].first.at >= markInterval {
		b.marks = append(b.marks, mark{first: now})
	}
	b.marks[len(b.marks)-1].last = now
}

// underMinimum reports whether fewer retries than are always allowed began in the period
// that ends now.
func (b *RetryBudget) underMinimum(now time.Duration) bool {
	if len(b.recent) == 0 {
		return false
	}
	oldest := b.recent[b.next]
	return oldest == longAgo || now-oldest >= b.period
}

// underRatio reports whether the ratio of the window allows another retry.
func (b *RetryBudget) underRatio(now reading) bool {
	since := now.at - budgetWindow
	retries := 0
	for _, m := range b.marks {
		if m.first.at+markInterval > since {
			retries += m.retries
		}
	}
	const rounding = 1e-9
	return float64(retries+1) <= b.ratio*(float64(now.calls)-b.callsAt(since, now))+rounding
}

// callsAt estimates the number of calls before a time. There are readings only where
// retries were requested; between two of them, calls are assumed to be evenly
// distributed.
func (b *RetryBudget) callsAt(at time.Duration, now reading) float64 {
	m, next := b.marks[0], now
	if len(b.marks) > 1 {
		next = b.marks[1].first
	}
	switch {
	case at <= m.first.at:
		return float64(m.first.calls)
	case at <= m.last.at:
		return interpolate(m.first, m.last, at)
	}
	return interpolate(m.last, next, at)
}

func interpolate(from, to reading, at time.Duration) float64 {
	share := float64(at-from.at) / float64(to.at-from.at)
	return float64(from.calls) + share*float64(to.calls-from.calls)
}
