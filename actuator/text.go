// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// seconds is a time as it is sent: seconds since the epoch, with millisecond
// precision.
type seconds float64

func secondsOf(t time.Time) seconds { return seconds(float64(t.UnixMilli()) / 1000) }

// MarshalJSON writes the number without an exponent.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'f', 3, 64), nil
}

// shortened truncates a text to a maximum number of bytes.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}
