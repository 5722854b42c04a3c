// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"time"
)

const wantDuration = "write 500ms, 30s or 1m30s, or a number of seconds"

// ParseDuration reads a duration as settings and struct tags have it: what
// [time.ParseDuration] takes ("500ms", "1m30s", "-1s"), or a number of seconds
// ("30", "0.5"). White space around it is ignored. The error is an [*Error].
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return 0, err
	}
	return d, nil
}

func parseDuration(s string) (time.Duration, *Error) {
	text := strings.TrimSpace(s)
	if isDecimal(text) {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if isDecimal(strings.TrimSuffix(text, "s")) {
		return 0, wrongValue(s, "is too long for a duration", "write at most 2562047h, which is 292 years")
	}
	return 0, wrongValue(s, "is not a valid duration", wantDuration)
}

// isDecimal reports whether s is a plain decimal number such as -1.50.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	return (whole != "" || fraction != "") && isDigits(whole) && isDigits(fraction) && (!hasPoint || fraction != "")
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
