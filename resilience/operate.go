// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"encoding/json"
	"time"
)

// This file holds what operators do with a CircuitBreaker: look at it, force it
// and change its configuration.

// ForceOpen refuses every call, until Reset.
func (b *CircuitBreaker) ForceOpen() { b.force(StateForcedOpen) }

// Disable lets every call through and counts nothing, until Reset.
func (b *CircuitBreaker) Disable() { b.force(StateDisabled) }

// Reset closes the circuit, whatever its state, and forgets what was counted.
func (b *CircuitBreaker) Reset() { b.force(StateClosed) }

func (b *CircuitBreaker) force(to CircuitState) {
	b.mu.Lock()
	b.change(b.load(), to)
	b.unlockAndNotify()
}

// Reconfigure changes the configuration while calls are under way. State and
// what has been counted stay; but a window of another kind or duration begins
// empty, and so does the count of consecutive failures when a window takes its
// place or goes. The next call that ends is judged by the new configuration,
// together with what was counted before. An open circuit waits for the new
// recovery timeout, from its opening on. A half-open circuit closes at once if as
// many probes have succeeded as the new configuration asks for. If config is not
// valid, or the breaker was made with one that was not, the error says so and
// nothing changes.
func (b *CircuitBreaker) Reconfigure(config CircuitBreakerConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if b.invalid != nil {
		return b.invalid
	}
	c := config.WithDefaults()
	b.mu.Lock()
	defer b.unlockAndNotify()
	before := b.config.Load()
	b.config.Store(&c)
	b.probing = probingRefusal(&c)
	switch b.load().state() {
	case StateClosed:
		b.changeWindow(before, &c)
	case StateOpen:
		b.open.Store(b.refusal(b.open.Load().opened, &c))
	case StateForcedOpen:
		b.open.Store(forcedRefusal(&c))
	case StateHalfOpen:
		b.closeIfRecovered()
	}
	return nil
}

// changeWindow gives a closed circuit the window of a new configuration, within
// its generation.
func (b *CircuitBreaker) changeWindow(before, after *CircuitBreakerConfig) {
	if before.hasSameWindow(after) {
		if window := b.window.Load(); window != nil {
			window.isChanged.Store(true)
		}
		return
	}
	window := newWindow(after, b.load().generation())
	if old := b.window.Load(); window != nil && window.count != nil && old != nil && old.count != nil {
		window.count.takeOver(old.count)
		window.isChanged.Store(true)
	}
	b.window.Store(window)
	for {
		w := b.load()
		if b.replace(w, newWord(w.state(), window != nil, w.generation(), 0)) {
			return
		}
	}
}

// hasSameWindow reports whether a window of c can go on with another
// configuration.
func (c *CircuitBreakerConfig) hasSameWindow(other *CircuitBreakerConfig) bool {
	if c.SlidingWindow != other.SlidingWindow {
		return false
	}
	switch c.SlidingWindow {
	case CountWindow:
		return c.WindowSize == other.WindowSize
	case TimeWindow:
		return c.WindowDuration == other.WindowDuration
	}
	return true
}

// takeOver adds the last outcomes of another window, as many as there is room
// for.
func (w *countWindow) takeOver(from *countWindow) {
	head, size := from.head.Load(), uint64(len(from.slots))
	for n := head - min(head, size, uint64(len(w.slots))); n < head; n++ {
		if o := outcome(from.slots[n%size].Load()); o != 0 {
			w.add(o)
		}
	}
}

// CircuitBreakerSnapshot is the state of a breaker at one time. In JSON, its
// durations are texts such as "29.5s".
type CircuitBreakerSnapshot struct {
	Name       string        `json:"name"`
	State      CircuitState  `json:"state"`
	Since      time.Time     `json:"since"`                // of the last transition, or of the making
	RetryAfter time.Duration `json:"retryAfter,omitempty"` // until an open circuit admits a probe
	Openings   int64         `json:"openings"`             // how often it has opened

	ConsecutiveFailures int   `json:"consecutiveFailures"` // without a window
	Calls               int64 `json:"calls"`               // in the window
	Failures            int64 `json:"failures"`            // of them
	SlowCalls           int64 `json:"slowCalls"`           // of them
}

// MarshalJSON implements [json.Marshaler].
func (s CircuitBreakerSnapshot) MarshalJSON() ([]byte, error) {
	type fields CircuitBreakerSnapshot
	return json.Marshal(struct {
		fields
		RetryAfter string `json:"retryAfter,omitempty"`
	}{fields(s), textOf(s.RetryAfter)})
}

// Snapshot returns the state of the breaker.
func (b *CircuitBreaker) Snapshot() CircuitBreakerSnapshot {
	state := b.State()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := CircuitBreakerSnapshot{Name: b.config.Load().Name, State: state, Since: b.since, Openings: b.openings}
	if state == StateOpen {
		s.RetryAfter = b.open.Load().RetryAfter()
	}
	if state != StateClosed {
		return s
	}
	w := b.load()
	s.ConsecutiveFailures = int(w.failures())
	if window := b.window.Load(); window != nil && w.hasWindow() {
		t := window.tally(b.now())
		s.Calls, s.Failures, s.SlowCalls = t.calls, t.failures, t.slow
	}
	return s
}
