// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inFolder makes a folder with files the working directory of the test, so
// that origins have short names.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, opts ...config.Option) *config.Config {
	t.Helper()
	cfg, err := config.Load(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// loadYAML loads a pyfly.yaml of this content.
func loadYAML(t *testing.T, content string, opts ...config.Option) *config.Config {
	t.Helper()
	inFolder(t, map[string]string{"pyfly.yaml": content})
	return load(t, opts...)
}

// value is a value that must be set.
func value[T any](t *testing.T, cfg *config.Config, key string) T {
	t.Helper()
	v, ok, err := config.Value[T](cfg, key)
	if err != nil || !ok {
		t.Fatalf("%s: set %t, error %v", key, ok, err)
	}
	return v
}

func wantText(t *testing.T, cfg *config.Config, key, want string) {
	t.Helper()
	if got := value[string](t, cfg, key); got != want {
		t.Errorf("%s is %q, want %q", key, got, want)
	}
}

// wantError checks the whole text of an error, and that it is one of this
// package.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	if err.Error() != want {
		t.Errorf("error\n%s\nwant\n%s", err, want)
	}
	var located *config.Error
	if !errors.Is(err, kernel.ErrConfig) || !errors.As(err, &located) {
		t.Errorf("%v is no *config.Error or no kernel.ErrConfig", err)
	}
}
