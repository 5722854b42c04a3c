// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

// readings are what a value is, read as several types; an error is "-".
func readings(cfg *config.Config, key string) string {
	return fmt.Sprintf("int %s, uint8 %s, float %s, text %s, bool %s, duration %s, size %s, ints %s", reading[int](cfg, key), reading[uint8](cfg, key),
		reading[float64](cfg, key), reading[string](cfg, key), reading[bool](cfg, key), reading[time.Duration](cfg, key),
		reading[config.ByteSize](cfg, key), reading[[]int](cfg, key))
}

func reading[T any](cfg *config.Config, key string) string {
	v, ok, err := config.Value[T](cfg, key)
	if err != nil || !ok {
		return "-"
	}
	return fmt.Sprintf("%v", v)
}

func TestValuesAreParsedTheSameWayEverywhere(t *testing.T) {
	for text, want := range map[string]string{
		"12":                   "int 12, uint8 12, float 12, text 12, bool -, duration 12s, size 12B, ints [12]",
		"+12":                  "int 12, uint8 12, float 12, text +12, bool -, duration 12s, size 12B, ints [12]",
		"-12":                  "int -12, uint8 -, float -12, text -12, bool -, duration -12s, size -12B, ints [-12]",
		"0123":                 "int 123, uint8 123, float 123, text 0123, bool -, duration 2m3s, size 123B, ints [123]",
		"08":                   "int 8, uint8 8, float 8, text 08, bool -, duration 8s, size 8B, ints [8]",
		"-007":                 "int -7, uint8 -, float -7, text -007, bool -, duration -7s, size -7B, ints [-7]",
		"0x1F":                 "int 31, uint8 31, float 31, text 0x1F, bool -, duration -, size -, ints [31]",
		"0o17":                 "int 15, uint8 15, float 15, text 0o17, bool -, duration -, size -, ints [15]",
		"0b101":                "int 5, uint8 5, float 5, text 0b101, bool -, duration -, size -, ints [5]",
		"1_000":                "int 1000, uint8 -, float 1000, text 1_000, bool -, duration -, size -, ints [1000]",
		"1.50":                 "int -, uint8 -, float 1.5, text 1.50, bool -, duration 1.5s, size -, ints -",
		"2.0":                  "int 2, uint8 2, float 2, text 2.0, bool -, duration 2s, size 2B, ints [2]",
		".5":                   "int -, uint8 -, float 0.5, text .5, bool -, duration 500ms, size -, ints -",
		"1e3":                  "int -, uint8 -, float 1000, text 1e3, bool -, duration -, size -, ints -",
		"1e400":                "int -, uint8 -, float -, text 1e400, bool -, duration -, size -, ints -",
		".inf":                 "int -, uint8 -, float -, text .inf, bool -, duration -, size -, ints -",
		".nan":                 "int -, uint8 -, float -, text .nan, bool -, duration -, size -, ints -",
		"true":                 "int -, uint8 -, float -, text true, bool true, duration -, size -, ints -",
		"True":                 "int -, uint8 -, float -, text True, bool true, duration -, size -, ints -",
		"YES":                  "int -, uint8 -, float -, text YES, bool true, duration -, size -, ints -",
		"on":                   "int -, uint8 -, float -, text on, bool true, duration -, size -, ints -",
		"off":                  "int -, uint8 -, float -, text off, bool false, duration -, size -, ints -",
		"No":                   "int -, uint8 -, float -, text No, bool false, duration -, size -, ints -",
		"y":                    "int -, uint8 -, float -, text y, bool -, duration -, size -, ints -",
		"1m30s":                "int -, uint8 -, float -, text 1m30s, bool -, duration 1m30s, size -, ints -",
		"10MiB":                "int -, uint8 -, float -, text 10MiB, bool -, duration -, size 10MiB, ints -",
		"1:30":                 "int -, uint8 -, float -, text 1:30, bool -, duration -, size -, ints -",
		"20260102":             "int 20260102, uint8 -, float 2.0260102e+07, text 20260102, bool -, duration 5627h48m22s, size 20260102B, ints [20260102]",
		"18446744073709551615": "int -, uint8 -, float 1.8446744073709552e+19, text 18446744073709551615, bool -, duration -, size -, ints -",
		"1_":                   "int -, uint8 -, float -, text 1_, bool -, duration -, size -, ints -",
		"0x":                   "int -, uint8 -, float -, text 0x, bool -, duration -, size -, ints -",
		"--1":                  "int -, uint8 -, float -, text --1, bool -, duration -, size -, ints -",
		"0x-1":                 "int -, uint8 -, float -, text 0x-1, bool -, duration -, size -, ints -",
		"1e3e3":                "int -, uint8 -, float -, text 1e3e3, bool -, duration -, size -, ints -",
	} {
		t.Run(text, func(t *testing.T) {
			t.Setenv("PYFLY_VARIABLE", text)
			t.Setenv("OTHER", text)
			cfg := loadYAML(t, fmt.Sprintf("plain: %s\nquoted: '%s'\ndefault: ${none:%s}\nkey: ${plain}\nother: ${OTHER}\nlist: [%s]\njoined: ${quoted}\n", text, text, text, text),
				config.Map(map[string]any{"code": text}))
			for _, key := range []string{"plain", "quoted", "default", "key", "other", "pyfly.variable", "code", "joined"} {
				assert.Equal(t, want, readings(cfg, key), key)
			}
			elements, _, err := config.Value[[]string](cfg, "list")
			require.NoError(t, err)
			assert.Equal(t, []string{text}, elements)
		})
	}
}

func TestNumbersKeepTheirKind(t *testing.T) {
	cfg := loadYAML(t, "a: 0123\nb: 1_000\nc: 0x10\nd: 1.0\ne: 18446744073709551615\nf: 1e3\ng: -5\nh: '5'\ni: true\nj: yes\n")
	for key, want := range map[string]any{
		"a": 123, "b": 1000, "c": 16, "d": 1.0, "e": uint64(18446744073709551615), "f": 1000.0, "g": -5, "h": "5", "i": true, "j": "yes",
	} {
		assert.Equal(t, want, value[any](t, cfg, key), key)
	}
}
