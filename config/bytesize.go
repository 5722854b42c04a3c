// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math/big"
	"strconv"
	"strings"
)

// ByteSize is an amount of data in bytes. As a setting it is a number with a
// unit, 512B, 10MiB (2^20) or 10MB (10^6), or a plain number of bytes. Units go
// up to EiB and EB, their case does not matter, and a number may have a fraction
// as long as whole bytes come out: 1.5KiB.
type ByteSize int64

// The binary units.
const (
	KiB ByteSize = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

const wantByteSize = "write 512B, 64KiB, 10MiB or 10MB, or a number of bytes"

type byteUnit struct {
	name string
	size int64
}

// byteUnits lists the larger before the smaller of each kind, and binary
// before decimal, the order in which String tries them.
var byteUnits = []byteUnit{
	{"EiB", 1 << 60}, {"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"EB", 1e18}, {"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"B", 1},
}

// ParseByteSize reads a size as settings and struct tags have it; see
// [ByteSize] for the forms. White space around it and before the unit is
// ignored. The error is an [*Error].
func ParseByteSize(s string) (ByteSize, error) {
	size, err := parseByteSize(s)
	if err != nil {
		return 0, err
	}
	return size, nil
}

func parseByteSize(s string) (ByteSize, *Error) {
	number, unit := splitUnit(strings.TrimSpace(s))
	factor, known := factorOf(unit)
	if !known || !isDecimal(number) {
		return 0, wrongValue(s, "is not a valid size", wantByteSize)
	}
	bytes, _ := new(big.Rat).SetString(number)
	bytes.Mul(bytes, new(big.Rat).SetInt64(factor))
	switch {
	case !bytes.IsInt():
		return 0, wrongValue(s, "is not a whole number of bytes", wantByteSize)
	case !bytes.Num().IsInt64():
		return 0, wrongValue(s, "is too large for a size", "write less than 8EiB")
	}
	return ByteSize(bytes.Num().Int64()), nil
}

func splitUnit(s string) (number, unit string) {
	end := strings.LastIndexAny(s, "0123456789.") + 1
	return s[:end], strings.TrimSpace(s[end:])
}

func factorOf(unit string) (int64, bool) {
	if unit == "" {
		return 1, true
	}
	for _, u := range byteUnits {
		if strings.EqualFold(u.name, unit) {
			return u.size, true
		}
	}
	return 0, false
}

// String writes the size in the largest unit that needs no fraction, binary
// ones first: "10MiB", "10MB", "1234B".
func (s ByteSize) String() string {
	for _, u := range byteUnits {
		if s != 0 && int64(s)%u.size == 0 {
			return strconv.FormatInt(int64(s)/u.size, 10) + u.name
		}
	}
	return "0B"
}

// UnmarshalText implements [encoding.TextUnmarshaler] by [ParseByteSize].
func (s *ByteSize) UnmarshalText(text []byte) error {
	size, err := ParseByteSize(string(text))
	if err != nil {
		return err
	}
	*s = size
	return nil
}

// MarshalText implements [encoding.TextMarshaler] by String.
func (s ByteSize) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
