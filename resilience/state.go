// SPDX-License-Identifier: Apache-2.0

package resilience

import "strconv"

// CircuitState is the state of a [CircuitBreaker].
type CircuitState uint8

const (
	// StateClosed lets every call through and counts consecutive failures.
	StateClosed CircuitState = iota
	// StateOpen refuses every call until the recovery timeout is over.
	StateOpen
	// StateHalfOpen lets a few calls through, to probe whether what is
	// guarded has recovered, and refuses the others.
	StateHalfOpen
	// StateForcedOpen refuses every call until [CircuitBreaker.Reset].
	StateForcedOpen
	// StateDisabled lets every call through and counts nothing until
	// [CircuitBreaker.Reset].
	StateDisabled

	// stateInvalid refuses every call because of a wrong configuration.
	stateInvalid
)

// String returns "closed", "open", "half-open", "forced-open" or "disabled".
func (s CircuitState) String() string {
	switch s {
	case StateClosed:
		return "closed"
	case StateOpen:
		return "open"
	case StateHalfOpen:
		return "half-open"
	case StateForcedOpen:
		return "forced-open"
	case StateDisabled:
		return "disabled"
	}
	return "CircuitState(" + strconv.Itoa(int(s)) + ")"
}

// word is the breaker's state in one atomic value, so that a closed circuit
// costs one load: the state in 3 bits, one that says that there is a window, the
// generation in 28, and the count of consecutive failures in 32. Every
// transition begins a new generation, and a result only counts in the generation
// in which its call began.
type word uint64

func newWord(state CircuitState, hasWindow bool, generation, failures uint32) word {
	w := word(state)<<61 | word(generation&maxGeneration)<<32 | word(failures)
	if hasWindow {
		w |= windowBit
	}
	return w
}

const (
	windowBit     word = 1 << 60
	maxGeneration      = 1<<28 - 1
)

func (w word) state() CircuitState { return CircuitState(w >> 61) }
func (w word) hasWindow() bool     { return w&windowBit != 0 }
func (w word) generation() uint32  { return uint32(w>>32) & maxGeneration }
func (w word) failures() uint32    { return uint32(w) }

// isPlain is true of a closed circuit without window.
func (w word) isPlain() bool { return w>>60 == 0 }

func (w word) withFailures(n uint32) word { return w>>32<<32 | word(n) }

// MarshalText makes a state a word in JSON.
func (s CircuitState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
