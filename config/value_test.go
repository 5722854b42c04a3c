// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// read reads a value of the type of want.
func read[T any](want T) func(*config.Config) (any, any, error) {
	return func(cfg *config.Config) (any, any, error) {
		v, _, err := config.Value[T](cfg, "key")
		return v, want, err
	}
}

func TestValuesOfEveryType(t *testing.T) {
	cases := []struct {
		written any
		read    func(*config.Config) (any, any, error)
	}{
		{"x", read("x")}, {5, read("5")}, {true, read("true")}, {1.5, read("1.5")}, {2 * time.Second, read("2s")}, {"", read("")},
		{true, read(true)}, {"false", read(false)}, {"On", read(true)}, {"no", read(false)},
		{5, read(5)}, {"-5", read(-5)}, {5.0, read(5)}, {" 7 ", read(7)}, {"+7", read(7)}, {"7.0", read(7)},
		{math.MaxInt64, read(int64(math.MaxInt64))}, {math.MinInt64, read(int64(math.MinInt64))}, {int8(-3), read(int16(-3))},
		{"-128", read(int8(-128))}, {"255", read(uint8(255))}, {uint64(math.MaxUint64), read(uint64(math.MaxUint64))}, {"+3", read(uint(3))},
		{0.5, read(0.5)}, {"1e3", read(1000.0)}, {3, read(float32(3))},
		{"500ms", read(500 * time.Millisecond)}, {"1m30s", read(90 * time.Second)}, {30, read(30 * time.Second)},
		{"0.5", read(500 * time.Millisecond)}, {0.25, read(250 * time.Millisecond)}, {time.Minute, read(time.Minute)}, {0, read(time.Duration(0))},
		{"10MiB", read(10 * config.MiB)}, {"10MB", read(config.ByteSize(10_000_000))}, {1024, read(config.KiB)}, {config.KiB, read(config.KiB)},
		{[]string{"a", "b"}, read([]string{"a", "b"})}, {"a, b", read([]string{"a", "b"})}, {"", read([]string{})}, {[]any{1, "2"}, read([]int{1, 2})},
		{5, read([]int{5})}, {[][]int{{1}, {2, 3}}, read([][]int{{1}, {2, 3}})}, {"1s,2", read([]time.Duration{time.Second, 2 * time.Second})},
		{map[string]any{"X-Id": 1, "b": "c"}, read(map[string]string{"X-Id": "1", "b": "c"})},
		{map[string]any{"a": map[string]int{"b": 1}}, read(map[string]map[string]int{"a": {"b": 1}})},
		{map[string]any{}, read(map[string]string{})},
		{"debug", read(slog.LevelDebug)}, {slog.LevelWarn, read(slog.LevelWarn)},
		{"x", read[any]("x")}, {map[string]any{"a": []int{1}}, read[any](map[string]any{"a": []any{1}})},
	}
	for _, c := range cases {
		cfg := config.New(map[string]any{"key": c.written})
		if got, want, err := c.read(cfg); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%#v read as %T: %#v, %v; want %#v", c.written, want, got, err, want)
		}
	}
}

func TestWrongValues(t *testing.T) {
	cases := []struct {
		written any
		read    func(*config.Config) (any, any, error)
		want    string
	}{
		{"abc", read(time.Second), `"abc" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`},
		{"", read(time.Second), `"" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`},
		{true, read(time.Second), `"true" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`},
		{"1e9999", read(time.Second), `"1e9999" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`},
		{math.MaxInt64, read(time.Second), `"9223372036854775807" is too long for a duration: write at most 2562047h, which is 292 years`},
		{math.NaN(), read(time.Second), `"NaN" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`},
		{"ten", read(config.KiB), `"ten" is not a valid size: write 512B, 64KiB, 10MiB or 10MB, or a number of bytes`},
		{"0.3B", read(config.KiB), `"0.3B" is not a whole number of bytes: write 512B, 64KiB, 10MiB or 10MB, or a number of bytes`},
		{"8EiB", read(config.KiB), `"8EiB" is too large for a size: write less than 8EiB`},
		{1.5, read(1), `"1.5" is not a whole number: write a whole number`},
		{"many", read(1), `"many" is not a whole number: write a whole number`},
		{"1e3", read(1), `"1e3" is not a whole number: write a whole number`},
		{"", read(1), `"" is not a whole number: write a whole number`},
		{true, read(1), `"true" is not a whole number: write a whole number`},
		{300, read(int8(1)), `"300" does not fit into an int8: write a whole number from -128 to 127`},
		{"9223372036854775808", read(int64(1)), `"9223372036854775808" does not fit into an int64: write a whole number from -9223372036854775808 to 9223372036854775807`},
		{-1, read(uint8(1)), `"-1" does not fit into a uint8: write a whole number from 0 to 255`},
		{"18446744073709551616", read(uint64(1)), `"18446744073709551616" does not fit into a uint64: write a whole number from 0 to 18446744073709551615`},
		{"x", read(1.0), `"x" is not a number: write a number such as 0.5`},
		{"nan", read(1.0), `"nan" is not a number: write a number such as 0.5`},
		{"inf", read(1.0), `"inf" is not a number: write a number such as 0.5`},
		{math.Inf(1), read(1.0), `"+Inf" is not a number: write a number such as 0.5`},
		{"1e400", read(1.0), `"1e400" is too large for a float64: write a number such as 0.5`},
		{1e300, read(float32(1)), `"1e+300" is too large for a float32: write a number such as 0.5`},
		{2, read(true), `"2" is not a bool: write true or false`},
		{"maybe", read(true), `"maybe" is not a bool: write true or false`},
		{[]int{1}, read("x"), `a list is where a single value is needed: write text`},
		{map[string]any{"a": 1}, read(time.Second), `a group of keys is where a single value is needed: write 500ms, 30s or 1m30s, or a number of seconds`},
		{map[string]any{"a": 1}, read([]int{}), `a group of keys is where a list is needed: write a list, or its elements separated by commas`},
		{"x", read(map[string]string{}), `"x" is where a group of keys is needed: write keys and values below it`},
		{[]int{1}, read(map[string]string{}), `a list is where a group of keys is needed: write keys and values below it`},
		{"loud", read(slog.LevelInfo), `"loud" is not a valid slog.Level: slog: level string "loud": unknown name`},
		{make(chan int), read("x"), `a value of type chan int cannot be a setting: give a text, bool, number, duration, list or map`},
		{make(chan int), read[any]("x"), `a value of type chan int cannot be a setting: give a text, bool, number, duration, list or map`},
		{"x", read[error](nil), `no setting can be read into a error: change the field's type, or exclude it with koanf:"-"`},
		{strings.Repeat("é", 150), read(1), `"` + strings.Repeat("é", 100) + `..." is not a whole number: write a whole number`},
	}
	for _, c := range cases {
		got, want, err := c.read(config.New(map[string]any{"key": c.written}))
		t.Run(fmt.Sprintf("%.20v as %T", c.written, want), func(t *testing.T) {
			wantError(t, err, "code: key: "+c.want)
			if got != nil && !reflect.ValueOf(got).IsZero() {
				t.Errorf("%v in spite of the error", got)
			}
		})
	}
}

func TestErrorsSayWhereTheValueStands(t *testing.T) {
	t.Setenv("PYFLY_CLIENT_DEFAULT_CONNECT_TIMEOUT", "soon")
	cfg := loadYAML(t, "pyfly:\n  client:\n    default:\n      timeout: abc\nbase: xyz\nother: ${base}\n")
	_, _, err := config.Value[time.Duration](cfg, "pyfly.client.default.timeout")
	wantError(t, err, `pyfly.yaml:4: pyfly.client.default.timeout: "abc" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`)
	var located *config.Error
	if !errors.As(err, &located) || located.Value != "abc" || located.Key != "pyfly.client.default.timeout" || located.Origin != (config.Origin{File: "pyfly.yaml", Line: 4}) {
		t.Errorf("%+v", located)
	}
	_, _, err = config.Value[time.Duration](cfg, "pyfly.client.default.connect-timeout")
	wantError(t, err, `environment variable PYFLY_CLIENT_DEFAULT_CONNECT_TIMEOUT: pyfly.client.default.connect-timeout: "soon" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`)
	_, _, err = config.Value[int](cfg, "other")
	wantError(t, err, `pyfly.yaml:6: other: "xyz" is not a whole number (it comes from ${base}): write a whole number`)
}

func TestSecretsAreNotShown(t *testing.T) {
	for _, key := range []string{
		"password", "db.password", "client-secret", "clientSecret", "x.api-key", "apiKey", "API_KEY", "access.token",
		"headers.Authorization", "aws.credentials", "credential", "password.current",
	} {
		_, _, err := config.Value[int](config.New(map[string]any{key: "hunter2"}), key)
		wantError(t, err, "code: "+key+": ****** is not a whole number: write a whole number")
		var located *config.Error
		if errors.As(err, &located); located.Value != "******" {
			t.Errorf("%s: value %q", key, located.Value)
		}
	}
	cfg := config.New(map[string]any{"db.password": "hunter2", "a": "${db.password}", "b": "${a}", "c": "x${b}", "d": "${none:${c}}", "secretary": "Ann", "level.token": "hunter2", "url": "http://me:hunter2@host"})
	for _, key := range []string{"a", "b", "c", "d", "url"} {
		_, _, err := config.Value[int](cfg, key)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "******") {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, _, err := config.Value[slog.Level](cfg, "level.token"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	if _, _, err := config.Value[int](cfg, "secretary"); err == nil || !strings.Contains(err.Error(), "Ann") {
		t.Error(err)
	}
}

func TestErrorf(t *testing.T) {
	cfg := loadYAML(t, "a: -1\nb: ${a}\npassword: x\ngroup: {c: 1}\n")
	for key, want := range map[string]string{
		"a":        `pyfly.yaml:1: a: "-1" is not allowed: write at least 1`,
		"b":        `pyfly.yaml:2: b: "-1" is not allowed (it comes from ${a}): write at least 1`,
		"password": `pyfly.yaml:3: password: ****** is not allowed: write at least 1`,
		"group":    `pyfly.yaml:4: group: a group of keys is not allowed here: write at least 1`,
		"absent":   `absent: it is not set: write at least 1`,
	} {
		wantError(t, cfg.Errorf(key, "write at least %d", 1), want)
	}
}

func TestAbsentKeys(t *testing.T) {
	cfg := config.New(nil)
	if v, ok, err := config.Value[string](cfg, "a.b"); v != "" || ok || err != nil {
		t.Error(v, ok, err)
	}
	if cfg.String("a.b", "fallback") != "fallback" || cfg.Exists("a") || len(cfg.Keys("a")) > 0 {
		t.Error("an absent key is there")
	}
}
