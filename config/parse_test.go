// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "1m30s": 90 * time.Second, "2": 2 * time.Second,
		"0.5": 500 * time.Millisecond, " 1h ": time.Hour, "-1s": -time.Second, "-1.5": -1500 * time.Millisecond, "0": 0, "0s": 0, "+1": time.Second,
	} {
		if got, err := config.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "abc", "1 s", "1e3", "5d", "1.", ".", "--1", "0x10", "١s"} {
		_, err := config.ParseDuration(text)
		wantError(t, err, `"`+text+`" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`)
	}
	_, err := config.ParseDuration("99999999999999999999")
	wantError(t, err, `"99999999999999999999" is too long for a duration: write at most 2562047h, which is 292 years`)
}

func TestParseByteSize(t *testing.T) {
	for text, want := range map[string]config.ByteSize{
		"512": 512, "512B": 512, "1KiB": 1024, "1kib": 1024, "10MiB": 10 << 20, "10MB": 10_000_000, "1.5KiB": 1536, "2 GiB": 2 << 30,
		"0": 0, "1TiB": config.TiB, "7EiB": 7 << 60, "-1": -1, "1KB": 1000,
	} {
		if got, err := config.ParseByteSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "B", "MiB", "ten", "1K", "1e3", "1..5B", "0x1"} {
		_, err := config.ParseByteSize(text)
		wantError(t, err, `"`+text+`" is not a valid size: write 512B, 64KiB, 10MiB or 10MB, or a number of bytes`)
	}
}

func TestByteSizesAreText(t *testing.T) {
	var size config.ByteSize
	if err := json.Unmarshal([]byte(`"1KiB"`), &size); err != nil || size != config.KiB {
		t.Error(size, err)
	}
	if err := size.UnmarshalText([]byte("big")); err == nil || size != config.KiB {
		t.Error(size, err)
	}
}

func TestByteSizesAreWrittenShort(t *testing.T) {
	for size, want := range map[config.ByteSize]string{
		0: "0B", 1: "1B", 1024: "1KiB", 1536: "1536B", 10 << 20: "10MiB", 10_000_000: "10MB", -2048: "-2KiB", 1000: "1KB", 1 << 60: "1EiB",
	} {
		if got := size.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(size), got, want)
		}
		if back, err := config.ParseByteSize(want); err != nil || back != size {
			t.Errorf("%s is read as %d, %v", want, int64(back), err)
		}
	}
}
