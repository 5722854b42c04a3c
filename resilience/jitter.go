// SPDX-License-Identifier: Apache-2.0

package resilience

import "errors"

// Jitter says how a [RetryPolicy] spreads the delays of many callers (M. Brooker,
// Exponential Backoff And Jitter, AWS, 2015). The zero value means [NoJitter].
// It is written as its text in settings files and JSON.
type Jitter string

// The kinds of jitter. d is the delay without jitter.
const (
	NoJitter           Jitter = "none"         // d
	FullJitter         Jitter = "full"         // between 0 and d
	EqualJitter        Jitter = "equal"        // between d/2 and d
	DecorrelatedJitter Jitter = "decorrelated" // between the base delay and three times the previous delay, capped
)

// String returns "none", "full", "equal" or "decorrelated".
func (j Jitter) String() string {
	if j == "" {
		return string(NoJitter)
	}
	return string(j)
}

// MarshalText implements [encoding.TextMarshaler] by String.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts what String
// returns; an empty text means NoJitter.
func (j *Jitter) UnmarshalText(text []byte) error {
	value := Jitter(text)
	if !value.isValid() {
		return errors.New("write none, full, equal or decorrelated")
	}
	*j = value
	return nil
}

func (j Jitter) isValid() bool {
	switch j {
	case "", NoJitter, FullJitter, EqualJitter, DecorrelatedJitter:
		return true
	}
	return false
}
