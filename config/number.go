// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// decimalOf returns a number in decimal digits. It may be written "-1.50",
// "1_000", "0x1F", "0o17" or "0b101", in files as elsewhere. One that begins with
// zeros is decimal.
func decimalOf(text string) (decimal string, ok bool) {
	text = strings.TrimSpace(text)
	sign, digits := "", text
	if text != "" && (text[0] == '-' || text[0] == '+') {
		sign, digits = strings.TrimPrefix(text[:1], "+"), text[1:]
	}
	if digits, ok = withoutUnderscores(digits); !ok {
		return "", false
	}
	if base, rest := baseOf(digits); base != 10 {
		whole, ok := new(big.Int).SetString(rest, base)
		if !ok || strings.ContainsAny(rest, "+-") {
			return "", false
		}
		return sign + whole.String(), true
	}
	if strings.ContainsAny(digits, "+-") || !isDecimal(digits) {
		return "", false
	}
	return sign + digits, true
}

// floatOf returns a number, which may have an exponent: "1e3". The error is
// strconv.ErrRange for one that is too large.
func floatOf(text string) (float64, error) {
	if decimal, ok := decimalOf(text); ok {
		return strconv.ParseFloat(decimal, 64)
	}
	digits, ok := withoutUnderscores(strings.TrimSpace(text))
	if !ok || strings.Trim(digits, "0123456789+-.eE") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(digits, 64)
}

// withoutUnderscores drops those between digits; others are wrong.
func withoutUnderscores(digits string) (string, bool) {
	if !strings.Contains(digits, "_") {
		return digits, true
	}
	isDigit := func(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
	for i := range len(digits) {
		if digits[i] == '_' && (i == 0 || i == len(digits)-1 || !isDigit(digits[i-1]) && digits[i-1] != '_' || !isDigit(digits[i+1]) && digits[i+1] != '_') {
			return "", false
		}
	}
	return strings.ReplaceAll(digits, "_", ""), true
}

func baseOf(digits string) (base int, rest string) {
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] {
		case 'x', 'X':
			return 16, digits[2:]
		case 'o', 'O':
			return 8, digits[2:]
		case 'b', 'B':
			return 2, digits[2:]
		}
	}
	return 10, digits
}

// numberIn returns a number as an int, a uint64 or a float64.
func numberIn(text string) (value any, ok bool) {
	decimal, isDecimal := decimalOf(text)
	if n, err := strconv.Atoi(decimal); err == nil {
		return n, true
	}
	if n, err := strconv.ParseUint(decimal, 10, 64); err == nil {
		return n, true
	}
	f, err := floatOf(text)
	return f, isDecimal || err == nil
}

// numeral is the text of a scalar, of a number as it was written.
func numeral(n *node) string {
	if v := reflect.ValueOf(n.value); n.text == "" && v.CanFloat() {
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits())
	}
	return n.literal()
}
