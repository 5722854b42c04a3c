// SPDX-License-Identifier: Apache-2.0

package resilience

import "errors"

// SlidingWindow says over which calls a [CircuitBreaker] computes its rates. The
// zero value means that there is no window: consecutive failures open the
// circuit. It is written as its text in settings files and JSON.
type SlidingWindow string

// The kinds of sliding windows.
const (
	CountWindow SlidingWindow = "count" // the last WindowSize calls
	TimeWindow  SlidingWindow = "time"  // the calls that ended within the last WindowDuration
)

// noWindow is the text of the zero value.
const noWindow = "none"

// String returns "count", "time" or, if there is no window, "none".
func (w SlidingWindow) String() string {
	if w == "" {
		return noWindow
	}
	return string(w)
}

// MarshalText implements [encoding.TextMarshaler] by String.
func (w SlidingWindow) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts what String
// returns; an empty text means that there is no window.
func (w *SlidingWindow) UnmarshalText(text []byte) error {
	value := SlidingWindow(text)
	if value == noWindow {
		value = ""
	}
	if !value.isValid() {
		return errors.New("write count, time or none")
	}
	*w = value
	return nil
}

func (w SlidingWindow) isValid() bool { return w == "" || w == CountWindow || w == TimeWindow }
