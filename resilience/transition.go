// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"slices"
	"time"
)

// This file holds the transitions of a CircuitBreaker and the half-open state:
// all that happens under its lock.

// transition leaves the state that is seen in from, unless another call has
// left it already.
func (b *CircuitBreaker) transition(from word, to CircuitState) {
	b.mu.Lock()
	b.change(from, to)
	b.unlockAndNotify()
}

// change makes a transition; the caller holds the lock. It is false if the
// circuit has left the state of from. What the new state needs is in place
// before it can be seen.
func (b *CircuitBreaker) change(from word, to CircuitState) bool {
	w := b.load()
	if w.generation() != from.generation() {
		return false
	}
	if to == StateOpen {
		b.open.Store(&CircuitBreakerError{
			Name: b.config.Name, State: StateOpen, probeAt: time.Now().Add(b.config.RecoveryTimeout),
		})
	}
	for !b.replace(w, newWord(to, w.generation()+1, 0)) {
		w = b.load() // without the lock only the count of failures changes
	}
	b.probes, b.succeeded = b.probes[:0], 0
	if b.config.OnStateChange != nil {
		b.changes = append(b.changes, StateChange{b.config.Name, w.state(), to})
	}
	return true
}

// acquireUnlessOpen admits a probe if the time has come for one.
func (b *CircuitBreaker) acquireUnlessOpen() (Permit, error) {
	w := b.load()
	if w.state() == StateOpen {
		if refusal := b.open.Load(); time.Now().Before(refusal.probeAt) {
			return Permit{}, refusal
		}
	}
	b.mu.Lock()
	defer b.unlockAndNotify()
	w = b.load()
	switch w.state() {
	case stateInvalid:
		return Permit{}, b.invalid
	case StateClosed:
		return Permit{breaker: b, generation: w.generation()}, nil
	case StateOpen:
		if refusal := b.open.Load(); time.Now().Before(refusal.probeAt) {
			return Permit{}, refusal
		}
		b.change(w, StateHalfOpen)
	}
	return b.admitProbe()
}

// admitProbe gives a place to a probe, if there is one. Those of probes that
// have not come back in time are free.
func (b *CircuitBreaker) admitProbe() (Permit, error) {
	now := time.Now()
	b.probes = slices.DeleteFunc(b.probes, func(p probe) bool {
		return now.Sub(p.admitted) >= b.config.HalfOpenMaxWait
	})
	if len(b.probes)+b.succeeded >= b.config.HalfOpenProbes {
		return Permit{}, b.probing
	}
	b.lastProbe = max(1, b.lastProbe+1) // 0 stands for no probe
	b.probes = append(b.probes, probe{b.lastProbe, now})
	return Permit{breaker: b, generation: b.load().generation(), probe: b.lastProbe}, nil
}

func (b *CircuitBreaker) probeSucceeded(p Permit) {
	b.mu.Lock()
	if b.release(p) {
		b.succeeded++
		if b.succeeded >= b.config.HalfOpenProbes {
			b.change(b.load(), StateClosed)
		}
	}
	b.unlockAndNotify()
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

// release frees a probe's place. It is false for a probe that comes too late:
// its place was given away, or the circuit has changed since.
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

// unlockAndNotify tells the listener of the transitions. One goroutine at a
// time does, so that they are told in order, and without the lock, so that the
// listener may use the breaker: transitions that it causes are told after.
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
	b.config.OnStateChange(change)
}
