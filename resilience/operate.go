// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"encoding/json"
	"time"
)

// This file holds the operations of a CircuitBreaker: inspection, manual control and
// changes of the configuration.

// ForceOpen rejects every call until Reset.
func (b *CircuitBreaker) ForceOpen() { b.force(StateForcedOpen) }

// Disable admits every call and counts nothing until Reset.
func (b *CircuitBreaker) Disable() { b.force(StateDisabled) }

// Reset closes the circuit, whatever its state, and resets all counts.
func (b *CircuitBreaker) Reset() { b.force(StateClosed) }

func (b *CircuitBreaker) force(to CircuitState) {
	b.mu.Lock()
	b.change(b.load(), to)
	b.unlockAndNotify()
}

// Reconfigure changes the configuration, also while calls are in progress. The state
// and all counts are kept, with two exceptions: a window of another kind or duration
// is empty, and consecutive failures are reset if a window is added or removed. The
// next call that ends is judged by the new configuration and the counts so far. An
// open circuit waits for the new recovery timeout, counted from its opening. A
// half-open circuit closes at once if enough probes have succeeded for the new
// configuration. If config is not valid, or the breaker was created with a
// configuration that was not, Reconfigure returns an error and changes nothing.
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
	b.probing = probingRejection(&c)
	switch b.load().state() {
	case StateClosed:
		b.changeWindow(before, &c)
	case StateOpen:
		b.open.Store(b.rejection(b.open.Load().opened, &c))
	case StateForcedOpen:
		b.open.Store(forcedRejection(&c))
	case StateHalfOpen:
		b.closeIfRecovered()
	}
	return nil
}

// changeWindow replaces the window of a closed circuit, within its generation, if the
// configuration requires another one.
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

// hasSameWindow reports whether a window of c is one of the other configuration, too.
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

// takeOver adds the last outcomes of another window, as many as fit.
func (w *countWindow) takeOver(from *countWindow) {
	head, size := from.head.Load(), uint64(len(from.slots))
	for n := head - min(head, size, uint64(len(w.slots))); n < head; n++ {
		if o := outcome(from.slots[n%size].Load()); o != 0 {
			w.add(o)
		}
	}
}

// CircuitBreakerSnapshot is the state of a breaker at one time. In JSON, its
// durations are strings such as "29.5s".
type CircuitBreakerSnapshot struct {
	Name       string        `json:"name"`
	State      CircuitState  `json:"state"`
	Since      time.Time     `json:"since"`                // the last change of state, or the creation
	RetryAfter time.Duration `json:"retryAfter,omitempty"` // time until an open circuit admits a probe
	Openings   int64         `json:"openings"`             // number of times that the circuit opened

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
