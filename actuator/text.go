// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// seconds is a time as it is sent: since the epoch, to the millisecond.
type seconds float64

func secondsOf(t time.Time) seconds { return seconds(float64(t.UnixMilli()) / 1000) }

// MarshalJSON writes no exponent.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'f', 3, 64), nil
}

// shortened cuts a text to at most so many bytes.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}
