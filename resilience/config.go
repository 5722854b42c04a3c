// SPDX-License-Identifier: Apache-2.0

package resilience

import "time"

// NoDelay is a duration of zero in a configuration, where a zero field means the
// default.
const NoDelay time.Duration = -1

// explicitZero marks a number that a settings file sets to zero.
const explicitZero = -1

func setDefault(field *int, value int) {
	if *field == 0 {
		*field = value
	}
}

// setDefaultTime also replaces NoDelay by zero.
func setDefaultTime(field *time.Duration, value time.Duration) {
	switch *field {
	case 0:
		*field = value
	case NoDelay:
		*field = 0
	}
}

func notNegative(key string, n int) error {
	if n >= 0 {
		return nil
	}
	return wrongField(key, "%s must be at least 1", key)
}

func noNegativeTime(key string, d time.Duration) error {
	if d >= 0 || d == NoDelay {
		return nil
	}
	return wrongField(key, "%s is %s: it must not be negative", key, d)
}

// shown returns a number as the user wrote it.
func shown(n float64) float64 {
	if n == explicitZero {
		return 0
	}
	return n
}

// within accepts 0 to most, and explicitZero.
func within(key string, n, most float64) error {
	if n >= 0 && n <= most || n == explicitZero {
		return nil
	}
	return wrongField(key, "%s is %v: it must be between 0 and %v", key, n, most)
}
