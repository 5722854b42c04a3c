// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"slices"
	"time"
)

// This file holds the state changes of a CircuitBreaker and the half-open state: all
// that requires its lock.

// transition changes the state to to, unless it has changed since from was read.
func (b *CircuitBreaker) transition(from word, to CircuitState) {
	b.mu.Lock()
	b.change(from, to)
	b.unlockAndNotify()
}

// change changes the state; the caller holds the lock. It returns false if the state
// has changed since from was read. All that the new state needs is stored before the
// state itself.
func (b *CircuitBreaker) change(from word, to CircuitState) bool {
	w := b.load()
	if w.generation() != from.generation() || w.state() == stateInvalid {
		return false
	}
	c, generation := b.config.Load(), (w.generation()+1)&maxGeneration
	var window *window
	b.since = time.Now()
	switch to {
	case StateOpen:
		b.beOpen(w.state(), c)
	case StateForcedOpen:
		b.open.Store(forcedRejection(c))
	case StateClosed:
		b.reopenings = 0
		window = newWindow(c, generation)
		b.window.Store(window)
	}
	for !b.replace(w, newWord(to, window != nil, generation, 0)) {
		w = b.load() // without the lock only the count of failures changes
	}
	b.probes, b.succeeded = b.probes[:0], 0
	if c.OnStateChange != nil && w.state() != to {
		b.changes = append(b.changes, StateChange{c.Name, w.state(), to})
	}
	return true
}

// beOpen computes when the circuit, whose state was from, admits a probe.
func (b *CircuitBreaker) beOpen(from CircuitState, c *CircuitBreakerConfig) {
	b.openings++
	if from == StateHalfOpen {
		b.reopenings++
	}
	b.open.Store(b.rejection(b.since, c))
}

// rejection returns the error with which a circuit rejects calls that opened at the
// given time.
func (b *CircuitBreaker) rejection(opened time.Time, c *CircuitBreakerConfig) *CircuitBreakerError {
	recovery := c.recoveryTimeout(b.reopenings)
	return &CircuitBreakerError{
		Name: c.Name, State: StateOpen, opened: opened, probeAt: opened.Add(recovery),
		probeAfter: sumOf(opened.Sub(b.epoch)+1, recovery),
	}
}

func forcedRejection(c *CircuitBreakerConfig) *CircuitBreakerError {
	return &CircuitBreakerError{Name: c.Name, State: StateForcedOpen}
}

func probingRejection(c *CircuitBreakerConfig) *CircuitBreakerError {
	return &CircuitBreakerError{Name: c.Name, State: StateHalfOpen}
}

// recoveryTimeout returns the time to wait after so many failed probes.
func (c *CircuitBreakerConfig) recoveryTimeout(reopenings int) time.Duration {
	return grown(c.RecoveryTimeout, c.RecoveryMultiplier, reopenings, c.MaxRecoveryTimeout)
}

// acquire is [CircuitBreaker.Acquire] for all but a closed circuit without
// window.
func (b *CircuitBreaker) acquire() (Permit, error) {
	switch w := b.load(); w.state() {
	case StateClosed, StateDisabled:
		return b.permit(w), nil
	case StateOpen:
		if rejection := b.open.Load(); rejection.State == StateOpen && b.now() < rejection.probeAfter {
			return Permit{}, rejection
		}
	case StateForcedOpen:
		return Permit{}, b.open.Load()
	case stateInvalid:
		return Permit{}, b.invalid
	}
	return b.acquireProbe()
}

// permit returns a permit for a call that is not a probe.
func (b *CircuitBreaker) permit(w word) Permit {
	p := Permit{breaker: b, generation: w.generation()}
	if w.hasWindow() && b.config.Load().SlowCallDuration > 0 {
		p.begun = b.now()
	}
	return p
}

// acquireProbe admits a probe if the recovery timeout has passed. If the listener
// panics, the permit is released.
func (b *CircuitBreaker) acquireProbe() (permit Permit, err error) {
	isNotified := false
	defer func() {
		if !isNotified {
			permit.Ignore()
		}
	}()
	b.mu.Lock()
	permit, err = b.admit()
	b.unlockAndNotify()
	isNotified = true
	return permit, err
}

// admit admits or rejects a call; the caller holds the lock.
func (b *CircuitBreaker) admit() (Permit, error) {
	w := b.load()
	switch w.state() {
	case StateClosed, StateDisabled:
		return b.permit(w), nil
	case StateForcedOpen:
		return Permit{}, b.open.Load()
	case StateOpen:
		if rejection := b.open.Load(); b.now() < rejection.probeAfter {
			return Permit{}, rejection
		}
		b.change(w, StateHalfOpen)
	}
	return b.admitProbe()
}

// admitProbe admits a probe if there is a place for it. Probes that have not ended
// within HalfOpenMaxWait lose theirs.
func (b *CircuitBreaker) admitProbe() (Permit, error) {
	now, c := b.now(), b.config.Load()
	b.probes = slices.DeleteFunc(b.probes, func(p probe) bool { return now-p.admitted >= c.HalfOpenMaxWait })
	if len(b.probes)+b.succeeded >= c.HalfOpenProbes {
		return Permit{}, b.probing
	}
	b.lastProbe = max(1, b.lastProbe+1) // 0 stands for no probe
	b.probes = append(b.probes, probe{b.lastProbe, now})
	return Permit{breaker: b, generation: b.load().generation(), probe: b.lastProbe, begun: now}, nil
}

func (b *CircuitBreaker) probeSucceeded(p Permit) {
	b.mu.Lock()
	if b.release(p) {
		b.succeeded++
		b.closeIfRecovered()
	}
	b.unlockAndNotify()
}

// closeIfRecovered closes a half-open circuit if enough probes have succeeded.
// The caller holds the lock.
func (b *CircuitBreaker) closeIfRecovered() {
	w := b.load()
	if w.state() == StateHalfOpen && b.succeeded >= b.config.Load().HalfOpenSuccesses {
		b.change(w, StateClosed)
	}
}

func (b *CircuitBreaker) probeFailed(p Permit) {
	b.mu.Lock()
	if b.release(p) {
		b.change(b.load(), StateOpen)
	}
	b.unlockAndNotify()
}

func (b *CircuitBreaker) probeIgnored(p Permit) {
	b.mu.Lock()
	b.release(p)
	b.mu.Unlock()
}

// release frees the place of a probe. It returns false if the probe has lost its place
// or the state has changed since it began.
func (b *CircuitBreaker) release(p Permit) bool {
	if b.load().generation() != p.generation {
		return false
	}
	i := slices.IndexFunc(b.probes, func(other probe) bool { return other.id == p.probe })
	if i < 0 {
		return false
	}
	b.probes = slices.Delete(b.probes, i, i+1)
	return true
}

// unlockAndNotify calls the listener for all changes of state. One goroutine at a time
// does, so that the listener gets them in order. The lock is not held, so the listener
// may use the breaker; it is called for the changes that it causes afterwards.
func (b *CircuitBreaker) unlockAndNotify() {
	if b.notifying || len(b.changes) == 0 {
		b.mu.Unlock()
		return
	}
	b.notifying = true
	defer func() { // even when the listener panics
		b.notifying = false
		b.mu.Unlock()
	}()
	for len(b.changes) > 0 {
		change := b.changes[0]
		b.changes = b.changes[1:]
		b.notify(change)
	}
}

// notify calls the listener without the lock, and takes it again.
func (b *CircuitBreaker) notify(change StateChange) {
	b.mu.Unlock()
	defer b.mu.Lock()
	if listener := b.config.Load().OnStateChange; listener != nil {
		listener(change)
	}
}
