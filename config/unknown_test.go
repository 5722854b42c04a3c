// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

func unknown(cfg *config.Config, prefix string) []string {
	var lines []string
	for _, u := range cfg.UnknownKeys(prefix) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s @ %s %s", u.Key, u.Origin, u.Nearest)))
	}
	return lines
}

func wantUnknown(t *testing.T, cfg *config.Config, prefix string, want ...string) {
	t.Helper()
	if got := unknown(cfg, prefix); !reflect.DeepEqual(got, want) {
		t.Errorf("unknown\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestUnknownKeysNameTheNearest(t *testing.T) {
	t.Setenv("PYFLY_CONFIG_FILE", "")
	t.Setenv("PYFLY_PROFILES_ACTIVE", "")
	t.Setenv("PYFLY_CLIENT_DEFAULT_TIMEOT", "1s")
	t.Setenv("PYFLY_CLIENT_DEFAULT_TIMEOUT", "1s")
	cfg := loadYAML(t, `pyfly:
  profiles: {active: []}
  client:
    default:
      tiemout: 1s
      conectTimeout: 2s
      colour: red
      timeout: 3s
      empty: {}
other: 1
`, config.Map(map[string]any{"pyfly.list": []int{1}}))
	for _, key := range []string{"pyfly.client.default.timeout", "pyfly.client.default.connect-timeout"} {
		_, _, _ = config.Value[time.Duration](cfg, key)
	}
	cfg.Keys("pyfly.client.default")
	wantUnknown(t, cfg, "pyfly",
		"pyfly.client.default.colour @ pyfly.yaml:7",
		"pyfly.client.default.conectTimeout @ pyfly.yaml:6 pyfly.client.default.connect-timeout",
		"pyfly.client.default.tiemout @ pyfly.yaml:5 pyfly.client.default.timeout",
		"pyfly.client.default.timeot @ environment variable PYFLY_CLIENT_DEFAULT_TIMEOT pyfly.client.default.timeout",
		"pyfly.list @ code",
	)
	wantUnknown(t, cfg, "other", "other @ pyfly.yaml:10")
	wantUnknown(t, cfg, "none")
}

func TestEveryWayOfAskingMakesAKeyKnown(t *testing.T) {
	ways := map[string]func(*config.Config){
		"Value":        func(cfg *config.Config) { _, _, _ = config.Value[int](cfg, "pyfly.base-url") },
		"Get":          func(cfg *config.Config) { _, _, _ = cfg.Get("pyfly.base-url") },
		"String":       func(cfg *config.Config) { cfg.String("pyfly.base-url", "") },
		"Exists":       func(cfg *config.Config) { cfg.Exists("pyfly.base-url") },
		"Origin":       func(cfg *config.Config) { cfg.Origin("pyfly.base-url") },
		"Errorf":       func(cfg *config.Config) { _ = cfg.Errorf("pyfly.base-url", "x") },
		"Expand":       func(cfg *config.Config) { _, _ = cfg.Expand("${pyfly.base-url}") },
		"Bind":         func(cfg *config.Config) { _ = cfg.Bind("pyfly", &struct{ BaseURL string }{}) },
		"a map":        func(cfg *config.Config) { _, _, _ = config.Value[map[string]any](cfg, "pyfly") },
		"a parent":     func(cfg *config.Config) { _, _, _ = cfg.Get("pyfly") },
		"Keys of that": func(cfg *config.Config) { cfg.Keys("pyfly.base-url") },
	}
	for name, ask := range ways {
		t.Run(name, func(t *testing.T) {
			cfg := loadYAML(t, "pyfly.baseUrl: x")
			t.Setenv("PYFLY_BASEURL", "y")
			for _, cfg := range []*config.Config{cfg, load(t, config.Map(nil))} {
				if len(cfg.UnknownKeys("pyfly")) != 1 {
					t.Fatal("known before anybody asked")
				}
				ask(cfg)
				wantUnknown(t, cfg, "pyfly")
			}
		})
	}
}

func TestVariablesThatPlaceholdersUseAreKnown(t *testing.T) {
	t.Setenv("PYFLY_DB_HOST", "h")
	cfg := config.New(map[string]any{"url": "${PYFLY_DB_HOST}"})
	wantText(t, cfg, "url", "h")
	cfg = loadYAML(t, "url: ${PYFLY_DB_HOST}")
	wantUnknown(t, cfg, "pyfly", "pyfly.db.host @ environment variable PYFLY_DB_HOST")
	wantText(t, cfg, "url", "h")
	wantUnknown(t, cfg, "pyfly")
}

func TestAVariableAndTheKeyItOverridesAreOneUnknownKey(t *testing.T) {
	t.Setenv("PYFLY_BASE_URL", "x")
	wantUnknown(t, loadYAML(t, "pyfly.base-url: y"), "pyfly", "pyfly.base-url @ environment variable PYFLY_BASE_URL")
}
