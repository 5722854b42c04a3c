// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// Whatever a file holds, it is read or rejected with a place in it, and what was
// read can be read out.
func FuzzLoadYAML(f *testing.F) {
	for _, seed := range []string{
		shopYAML, placeholders, "", "a: 1\na: 2", "a:\n\tb: 1", "- a", "a: &x {b: *x}", "a: &x [1]\nb: *x\n<<: {c: 1}",
		"a.b: 1\na: {c: 2}", "? [a]\n: 1", "a: ${b}\nb: ${a}", "a: !!binary x", "a: !!timestamp 2026", "1: 2\n~: 3", "a: [[${a}]]", "--- \n---\n", "a: {b: ${a}}",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "pyfly.yaml")
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(config.File(path), config.Profiles())
		if err != nil {
			var located *config.Error
			if !errors.As(err, &located) || !errors.Is(err, kernel.ErrConfig) || located.Origin.File != path {
				t.Errorf("%#v has no place", err)
			}
			return
		}
		for _, key := range append(cfg.UnknownKeys(""), config.UnknownKey{}) {
			if _, _, err := cfg.Get(key.Key); err != nil && !errors.Is(err, kernel.ErrConfig) {
				t.Errorf("%q: %v", key.Key, err)
			}
			_, _, _ = config.Value[time.Duration](cfg, key.Key)
			_, _, _ = config.Value[map[string][]string](cfg, key.Key)
		}
		var s shop
		_ = cfg.Bind("shop", &s)
	})
}

// A text without placeholders is itself, and an escaped text is the text.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "x", "${a}", "${a:${b}}", "$${a}", "${", "}", "${:}", "${loop}", "${a:${b:${c:d}}}", "$$${a}", "${${a}}", "é${ a }"} {
		f.Add(seed)
	}
	cfg := config.New(map[string]any{"a": "1", "b": "${a}", "loop": "${loop}", "list": []int{1}, "group.x": 1})
	f.Fuzz(func(t *testing.T, text string) {
		got, err := cfg.Expand(text)
		if err != nil && !errors.Is(err, kernel.ErrConfig) {
			t.Errorf("%q: %v", text, err)
		}
		if !strings.Contains(text, "${") && (err != nil || got != text) {
			t.Errorf("%q became %q, %v", text, got, err)
		}
		if strings.Contains(text, "$${") {
			return // escaping once more is not what it says
		}
		escaped := strings.ReplaceAll(text, "${", "$${")
		if back, err := cfg.Expand(escaped); err != nil || back != text {
			t.Errorf("%q came back as %q, %v", text, back, err)
		}
	})
}

// What time.ParseDuration takes means the same here, and what is a duration
// survives being written and read.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"500ms", "1m30s", "2", "-0.5", "", "abc", "1e9", "99999999999999999999", ".", "1.", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := config.ParseDuration(text)
		standard, standardErr := time.ParseDuration(text)
		switch {
		case standardErr == nil && (err != nil || got != standard):
			t.Errorf("%q is %v, %v; the standard library says %v", text, got, err, standard)
		case err != nil && !errors.Is(err, kernel.ErrConfig):
			t.Errorf("%q: %v", text, err)
		case err == nil:
			if back, err := config.ParseDuration(got.String()); err != nil || back != got {
				t.Errorf("%q: %v came back as %v, %v", text, got, back, err)
			}
		}
	})
}
