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

	// stateInvalid refuses every call because of a wrong configuration.
	stateInvalid
)

// String returns "closed", "open" or "half-open".
func (s CircuitState) String() string {
	switch s {
	case StateClosed:
		return "closed"
	case StateOpen:
		return "open"
	case StateHalfOpen:
		return "half-open"
	}
	return "CircuitState(" + strconv.Itoa(int(s)) + ")"
}

// word is the breaker's state in one atomic value, so that a closed circuit
// costs one load: the state in 2 bits, the generation in 30, and the count of
// consecutive failures in 32. Every transition begins a new generation, and a
// result only counts in the generation in which its call began.
type word uint64

func newWord(state CircuitState, generation, failures uint32) word {
	return word(state)<<62 | word(generation&maxGeneration)<<32 | word(failures)
}

const maxGeneration = 1<<30 - 1

func (w word) state() CircuitState { return CircuitState(w >> 62) }
func (w word) generation() uint32  { return uint32(w>>32) & maxGeneration }
func (w word) failures() uint32    { return uint32(w) }
