// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"math"
	"strconv"
)

// number is a measured value. NaN, which JSON cannot encode, is null.
type number float64

// MarshalJSON writes five significant digits; measurements are not more
// precise.
func (n number) MarshalJSON() ([]byte, error) { return n.append(nil), nil }

func (n number) append(to []byte) []byte {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return append(to, "null"...)
	}
	return strconv.AppendFloat(to, float64(n), 'g', 5, 64)
}

// column is a list of numbers, one per time.
type column []number

// MarshalJSON writes a list.
func (c column) MarshalJSON() ([]byte, error) {
	text := make([]byte, 0, 2+6*len(c))
	text = append(text, '[')
	for i, n := range c {
		if i > 0 {
			text = append(text, ',')
		}
		text = n.append(text)
	}
	return append(text, ']'), nil
}
