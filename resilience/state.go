// SPDX-License-Identifier: Apache-2.0

package resilience

import "strconv"

// CircuitState is the state of a [CircuitBreaker].
type CircuitState uint8

const (
	// StateClosed admits every call and counts failures.
	StateClosed CircuitState = iota
	// StateOpen rejects every call until the recovery timeout has passed.
	StateOpen
	// StateHalfOpen admits a few calls as probes, to find out whether the service has
	// recovered, and rejects the others.
	StateHalfOpen
	// StateForcedOpen rejects every call until [CircuitBreaker.Reset].
	StateForcedOpen
	// StateDisabled admits every call and counts nothing until
	// [CircuitBreaker.Reset].
	StateDisabled

	// stateInvalid rejects every call because the configuration is not valid.
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

// word is the state of a breaker in one atomic value, so that a closed circuit costs
// one load: 3 bits of state, 1 bit that is set if there is a window, 28 bits of
// generation, and 32 bits of consecutive failures. Every change of state begins a new
// generation. A result counts only in the generation in which its call began.
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
