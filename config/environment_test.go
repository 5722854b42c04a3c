// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

func TestEnvironmentVariablesSetKeys(t *testing.T) {
	cases := map[string]struct {
		variable, key string
		isSet         bool
	}{
		"dots":                           {"PYFLY_CLIENT_DEFAULT_TIMEOUT", "pyfly.client.default.timeout", true},
		"an underscore for a dash":       {"PYFLY_CLIENT_DEFAULT_CONNECT_TIMEOUT", "pyfly.client.default.connect-timeout", true},
		"nothing for a dash":             {"PYFLY_CLIENT_DEFAULT_CONNECTTIMEOUT", "pyfly.client.default.connect-timeout", true},
		"dashes in several segments":     {"PYFLY_CLIENT_SERVICES_PAYMENT_CLIENT_BASE_URL", "pyfly.client.services.payment-client.base-url", true},
		"camel case":                     {"PYFLY_BASE_URL", "pyfly.baseUrl", true},
		"an underscore in the key":       {"PYFLY_BASE_URL", "pyfly.base_url", true},
		"a dot needs its underscore":     {"PYFLY_CLIENTTIMEOUT", "pyfly.client.timeout", false},
		"a word is not torn":             {"PYFLY_TIME_OUT", "pyfly.timeout", false},
		"another prefix is not read":     {"SHOP_NAME", "shop.name", false},
		"a parent is not set by a child": {"PYFLY_SHOP_NAME", "pyfly.shop", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv(c.variable, "42")
			cfg := load(t)
			_, ok, err := config.Value[string](cfg, c.key)
			if name == "a parent is not set by a child" {
				if err != nil || ok {
					t.Errorf("set %t, error %v", ok, err)
				}
				return
			}
			if ok != c.isSet || cfg.Exists(c.key) != c.isSet || err != nil {
				t.Errorf("set %t, want %t; error %v", ok, c.isSet, err)
			}
		})
	}
}

func TestAVariableOverridesAFileUnderItsRelaxedName(t *testing.T) {
	t.Setenv("PYFLY_SHOP_BASE_URL", "http://env")
	t.Setenv("PYFLY_SHOP_BASEURL", "http://fewer-underscores")
	cfg := loadYAML(t, "pyfly: {shop: {baseUrl: http://file}}")
	wantText(t, cfg, "pyfly.shop.base-url", "http://env")
	if got, want := cfg.Origin("pyfly.shop.base-url"), (config.Origin{Env: "PYFLY_SHOP_BASE_URL"}); got != want {
		t.Errorf("origin %v, want %v", got, want)
	}
}

func TestFurtherPrefixes(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("APP_DB_URL", "db")
	t.Setenv("MY_APP_NAME", "mine")
	cfg := load(t, config.Env("APP"), config.Env("my-app"))
	wantText(t, cfg, "app.db.url", "db")
	wantText(t, cfg, "my-app.name", "mine")
	if load(t).Exists("app.db.url") {
		t.Error("APP_DB_URL counts without being asked for")
	}
	_, err := config.Load(config.Env(" _"))
	if err == nil {
		_, err = config.Load(config.Env("_"))
	}
	wantError(t, err, `config.Env has no prefix: every environment variable would be a setting: name one, as in config.Env("APP")`)
}

func TestTheEnvironmentIsReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PYFLY_A", "before")
	cfg := load(t)
	t.Setenv("PYFLY_A", "after")
	wantText(t, cfg, "pyfly.a", "before")
}

func TestKeysThatOnlyTheEnvironmentSets(t *testing.T) {
	t.Setenv("PYFLY_B_RETRY_MAX_ATTEMPTS", "4")
	t.Setenv("PYFLY_B_HEADERS_X_ID", "7")
	t.Setenv("PYFLY_B_TAGS", "a, b,,c")
	t.Setenv("PYFLY_B_WAIT", "2s")
	cfg := loadYAML(t, "pyfly: {b: {headers: {X-Other: o}}}")
	if got := cfg.Keys("pyfly.b.retry"); !slices.Equal(got, []string{"max-attempts"}) {
		t.Error(got)
	}
	if !cfg.Exists("pyfly.b.retry") || cfg.Exists("pyfly.b.retr") {
		t.Error("a group of variables is not seen, or one that is none")
	}
	if got := value[map[string]string](t, cfg, "pyfly.b.headers"); got["x-id"] != "7" || got["X-Other"] != "o" || len(got) != 2 {
		t.Error(got)
	}
	var bound struct {
		Retry *struct {
			MaxAttempts int `koanf:"max-attempts"`
		} `koanf:"retry"`
		Tags []string      `koanf:"tags"`
		Wait time.Duration `koanf:"wait"`
	}
	if err := cfg.Bind("pyfly.b", &bound); err != nil {
		t.Fatal(err)
	}
	if bound.Retry == nil || bound.Retry.MaxAttempts != 4 || !slices.Equal(bound.Tags, []string{"a", "b", "c"}) || bound.Wait != 2*time.Second {
		t.Errorf("%+v", bound)
	}
}

func TestKeysMatchRelaxed(t *testing.T) {
	for _, written := range []string{"base-url", "base_url", "baseUrl", "BASE-URL", "baseurl"} {
		cfg := loadYAML(t, "Shop:\n  "+written+": x")
		for _, asked := range []string{"shop.base-url", "shop.baseUrl", "SHOP.base_url"} {
			wantText(t, cfg, asked, "x")
		}
		if got := cfg.Keys("shop"); !slices.Equal(got, []string{written}) {
			t.Errorf("Keys: %v, want the spelling of the file, %s", got, written)
		}
	}
}
