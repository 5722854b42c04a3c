// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		"a key spelled without dashes":   {"PYFLY_TIME_OUT", "pyfly.timeout", true},
		"dashes where there are none":    {"PYFLY_TIMEOUT", "pyfly.time-out", true},
		"a word that begins otherwise":   {"PYFLY_TIME_OUT", "pyfly.time-outs", false},
		"lower case":                     {"PYFLY_time_Out", "pyfly.timeout", true},
		"punctuation":                    {"PYFLY_LEVEL_GITHUB_COM_ACME", "pyfly.level.github.com/acme", true},
		"punctuation needs underscores":  {"PYFLY_LEVEL_GITHUBCOM_ACME", "pyfly.level.github.com/acme", false},
		"an element":                     {"PYFLY_HOSTS_0_URL", "pyfly.hosts.0.url", true},
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

// A key has one value, however it is spelled and wherever it is set.
func TestAKeyHasOneValueHoweverItIsSpelled(t *testing.T) {
	spellings := []string{"base-url", "baseurl", "baseUrl", "base_url", "BASE-URL", "b-aseurl"}
	for _, variable := range []string{"", "BASE_URL", "BASEURL", "B_A_S_E_URL"} {
		for _, written := range append(spellings, "") {
			t.Run(variable+" over "+written, func(t *testing.T) {
				want, yaml := "file", "pyfly.other: 1\n"
				if written != "" {
					yaml = "pyfly.shop." + written + ": file\n"
				}
				if variable != "" {
					want = "variable"
					t.Setenv("PYFLY_SHOP_"+variable, want)
				}
				cfg := loadYAML(t, yaml)
				for _, asked := range spellings {
					if written+variable == "" {
						assert.False(t, cfg.Exists("pyfly.shop."+asked))
						continue
					}
					wantText(t, cfg, "pyfly.shop."+asked, want)
					got, err := cfg.Expand("${pyfly.shop." + asked + "}")
					assert.NoError(t, err)
					assert.Equal(t, want, got)
				}
				var bound struct {
					Dashed string `koanf:"base-url"`
					Plain  string `koanf:"baseurl"`
				}
				require.NoError(t, cfg.Bind("pyfly.shop", &bound))
				assert.Equal(t, bound.Dashed, bound.Plain)
				var group map[string]string
				group, _, err := config.Value[map[string]string](cfg, "pyfly.shop")
				require.NoError(t, err)
				for _, got := range group {
					assert.Equal(t, want, got)
				}
				assert.LessOrEqual(t, len(group), 1)
			})
		}
	}
}

func TestCodeWinsHoweverItIsSpelled(t *testing.T) {
	t.Setenv("PYFLY_SHOP_BASE_URL", "variable")
	cfg := loadYAML(t, "pyfly.shop.baseUrl: file", config.Map(map[string]any{"pyfly.shop.base_url": "code"}))
	wantText(t, cfg, "pyfly.shop.baseurl", "code")
}

// settings have maps and lists of all kinds.
type environmentSettings struct {
	Regions  map[string]endpoint
	Pointers map[string]*endpoint
	Deep     map[string]map[string]string
	Nested   map[string]struct{ Inner map[string]endpoint }
	Headers  map[string]string
	Hosts    []string
	Ports    []int
	Mirrors  []endpoint
	Lists    map[string][]int
	Any      map[string]any
	Free     any
	Loose    any
}

func TestMapsAndListsKnownFromTheEnvironmentOnly(t *testing.T) {
	for name, c := range map[string]struct {
		yaml      string
		variables map[string]string
		want      environmentSettings
	}{
		"an entry": {"", map[string]string{"REGIONS_EU_TIMEOUT": "2s"},
			environmentSettings{Regions: map[string]endpoint{"eu": {Timeout: 2 * time.Second}}}},
		"an entry of two words and a key of two": {"", map[string]string{"REGIONS_EU_WEST_BASE_URL": "x", "REGIONS_EU_WEST_TIMEOUT": "1s"},
			environmentSettings{Regions: map[string]endpoint{"eu-west": {"x", time.Second}}}},
		"two entries": {"", map[string]string{"REGIONS_EU_BASEURL": "x", "REGIONS_EU_WEST_BASEURL": "y"},
			environmentSettings{Regions: map[string]endpoint{"eu": {BaseURL: "x"}, "eu-west": {BaseURL: "y"}}}},
		"beside a written one": {"regions: {eu: {base-url: x}}", map[string]string{"REGIONS_EU_TIMEOUT": "2s", "REGIONS_EU_WEST_TIMEOUT": "3s", "REGIONS_US_TIMEOUT": "4s"},
			environmentSettings{Regions: map[string]endpoint{"eu": {"x", 2 * time.Second}, "eu-west": {Timeout: 3 * time.Second}, "us": {Timeout: 4 * time.Second}}}},
		"over a written one of several words": {"regions: {euWest: {base-url: x}}", map[string]string{"REGIONS_EU_WEST_BASE_URL": "y"},
			environmentSettings{Regions: map[string]endpoint{"euWest": {BaseURL: "y"}}}},
		"pointers": {"", map[string]string{"POINTERS_EU_TIMEOUT": "2s"},
			environmentSettings{Pointers: map[string]*endpoint{"eu": {Timeout: 2 * time.Second}}}},
		"maps of maps": {"deep: {a: {b: x}}", map[string]string{"DEEP_A_B": "y", "DEEP_A_C_D": "z", "DEEP_E_F": "w"},
			environmentSettings{Deep: map[string]map[string]string{"a": {"b": "y", "c-d": "z"}, "e": {"f": "w"}}}},
		"maps in structs in maps": {"", map[string]string{"NESTED_A_B_INNER_C_D_TIMEOUT": "1s"},
			environmentSettings{Nested: map[string]struct{ Inner map[string]endpoint }{"a-b": {map[string]endpoint{"c-d": {Timeout: time.Second}}}}}},
		"a map of texts": {"headers: {X: a, X-Id: b}", map[string]string{"HEADERS_X_ID": "c", "HEADERS_X_TENANT": "d"},
			environmentSettings{Headers: map[string]string{"X": "a", "X-Id": "c", "x-tenant": "d"}}},
		"elements": {"", map[string]string{"HOSTS_0": "a", "HOSTS_1": "b", "PORTS_0": "1"},
			environmentSettings{Hosts: []string{"a", "b"}, Ports: []int{1}}},
		"ten elements": {"", map[string]string{"PORTS_0": "0", "PORTS_1": "1", "PORTS_2": "2", "PORTS_3": "3", "PORTS_4": "4", "PORTS_5": "5", "PORTS_6": "6", "PORTS_7": "7", "PORTS_8": "8", "PORTS_9": "9", "PORTS_10": "10"},
			environmentSettings{Ports: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}},
		"an element of a written list": {"hosts: [a, b]", map[string]string{"HOSTS_1": "c", "HOSTS_2": "d"},
			environmentSettings{Hosts: []string{"a", "c", "d"}}},
		"elements of a list in a variable": {"hosts: [a, b]", map[string]string{"HOSTS": "x, y", "HOSTS_0": "z"},
			environmentSettings{Hosts: []string{"z", "y"}}},
		"keys of elements": {"mirrors: [{base-url: a}]", map[string]string{"MIRRORS_0_TIMEOUT": "1s", "MIRRORS_1_BASE_URL": "b", "MIRRORS_1_TIMEOUT": "2s"},
			environmentSettings{Mirrors: []endpoint{{"a", time.Second}, {"b", 2 * time.Second}}}},
		"lists in maps": {"lists: {a: [1]}", map[string]string{"LISTS_A_1": "2", "LISTS_B_C_0": "3", "LISTS_D": "4, 5"},
			environmentSettings{Lists: map[string][]int{"a": {1, 2}, "b-c": {3}, "d": {4, 5}}}},
		"anything": {"any: {a: {b: 1}, c: 2}", map[string]string{"ANY_A_B": "3", "ANY_A_D": "4", "ANY_C_E": "5", "ANY_F": "6"},
			environmentSettings{Any: map[string]any{"a": map[string]any{"b": "3", "d": "4"}, "c": 2, "c.e": "5", "f": "6"}}},
		"an any": {"", map[string]string{"FREE_A_B": "1", "LOOSE_0": "x", "LOOSE_1_A": "y"},
			environmentSettings{Free: map[string]any{"a-b": "1"}, Loose: []any{"x", map[string]any{"a": "y"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.variables {
				t.Setenv("PYFLY_"+name, value)
			}
			cfg := loadYAML(t, "pyfly:\n  "+c.yaml+"\n")
			var got environmentSettings
			require.NoError(t, cfg.Bind("pyfly", &got))
			assert.Equal(t, c.want, got)
			assert.Empty(t, cfg.UnknownKeys("pyfly"))
		})
	}
}

func TestVariablesThatFitNothingAreUnknown(t *testing.T) {
	for _, name := range []string{"REGIONS_EU_TIMEOT", "REGIONS_EU", "HOSTS_0_URL", "MIRRORS_0", "PORTS_0_X", "DEEP_A", "NESTED_A_INNER_B"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PYFLY_"+name, "1s")
			cfg := loadYAML(t, "")
			var got environmentSettings
			require.NoError(t, cfg.Bind("pyfly", &got))
			assert.Equal(t, environmentSettings{}, got)
			unknown := cfg.UnknownKeys("pyfly")
			require.Len(t, unknown, 1)
			assert.Equal(t, "PYFLY_"+name, unknown[0].Origin.Env)
		})
	}
}

func TestListsWithGaps(t *testing.T) {
	t.Setenv("PYFLY_HOSTS_0", "a")
	t.Setenv("PYFLY_HOSTS_3", "d")
	t.Setenv("PYFLY_HOSTS_999999999999", "x")
	var got environmentSettings
	wantError(t, loadYAML(t, "").Bind("pyfly", &got),
		"environment variable PYFLY_HOSTS_999999999999: pyfly.hosts[999999999999]: the list has no element 1: number the elements from 0 on without a gap")
}

func TestWrongValuesOfElementsNameTheirVariables(t *testing.T) {
	t.Setenv("PYFLY_PORTS_0", "many")
	t.Setenv("PYFLY_REGIONS_EU_TIMEOUT", "soon")
	t.Setenv("PYFLY_MIRRORS_0_TIMEOUT", "late")
	var got environmentSettings
	err := loadYAML(t, "pyfly.mirrors: [{timeout: 1s}]\n").Bind("pyfly", &got)
	for _, want := range []string{
		`environment variable PYFLY_REGIONS_EU_TIMEOUT: pyfly.regions.eu.timeout: "soon" is not a valid duration`,
		`environment variable PYFLY_PORTS_0: pyfly.ports[0]: "many" is not a whole number`,
		`environment variable PYFLY_MIRRORS_0_TIMEOUT: pyfly.mirrors[0].timeout: "late" is not a valid duration`,
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestPrefixesOfTheirOwn(t *testing.T) {
	t.Setenv("PYFLY_WATCHER_PAGE_SIZE", "5")
	t.Setenv("PYFLY_WATCHER_REGIONS_EU_TIMEOUT", "1s")
	t.Setenv("PYFLY_WATCHER_HOSTS_0", "a")
	t.Setenv("PYFLY_WATCHER_PAGE_SIZ", "6")
	t.Setenv("PYFLY_MY_SHOP_STORE_NAME", "mine")
	cfg := loadYAML(t, "watcher: {page-size: 1, name: x}\nother: ${watcher.pageSize}\n")
	wantText(t, cfg, "watcher.page-size", "1")
	for range 2 {
		cfg.AddPrefix("watcher")
		cfg.AddPrefix("myShop.store")
		cfg.AddPrefix("")
	}
	for key, want := range map[string]string{"watcher.page-size": "5", "watcher.pagesize": "5", "other": "5", "watcher.name": "x", "my-shop.store.name": "mine"} {
		wantText(t, cfg, key, want)
	}
	assert.Equal(t, "environment variable PYFLY_WATCHER_PAGE_SIZE", cfg.Origin("watcher.page-size").String())
	var got struct {
		PageSize            int
		Name                string
		environmentSettings `koanf:",squash"`
	}
	require.NoError(t, cfg.Bind("watcher", &got))
	assert.Equal(t, 5, got.PageSize)
	assert.Equal(t, map[string]endpoint{"eu": {Timeout: time.Second}}, got.Regions)
	assert.Equal(t, []string{"a"}, got.Hosts)

	wantUnknown(t, cfg, "pyfly")
	wantUnknown(t, cfg, "watcher", "watcher.page.siz @ environment variable PYFLY_WATCHER_PAGE_SIZ watcher.page-size")
	var entries []string
	for _, e := range cfg.Entries("") {
		entries = append(entries, e.Key+"="+e.Value)
	}
	assert.Equal(t, []string{
		"my-shop.store.name=mine", "other=${watcher.pageSize}", "watcher.hosts[0]=a", "watcher.name=x", "watcher.page-size=5",
		"watcher.page.siz=6", "watcher.regions.eu.timeout=1s",
	}, entries)
}

func TestAReloadKeepsPrefixes(t *testing.T) {
	t.Setenv("PYFLY_WATCHER_PAGE_SIZE", "5")
	cfg := loadYAML(t, "watcher: {page-size: 1}\n")
	cfg.AddPrefix("watcher")
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte("watcher: {page-size: 2, name: x}\n"), 0o600))
	next, err := cfg.Reload()
	require.NoError(t, err)
	wantText(t, next, "watcher.page-size", "5")
	wantText(t, next, "watcher.name", "x")
}

func TestAVariableOfTheKeyItselfWinsOverOneWithPyfly(t *testing.T) {
	t.Setenv("PYFLY_WATCHER_PAGE_SIZE", "5")
	t.Setenv("WATCHER_PAGESIZE", "6")
	cfg := loadYAML(t, "", config.Env("WATCHER"))
	cfg.AddPrefix("watcher")
	wantText(t, cfg, "watcher.page-size", "6")
	wantText(t, loadYAML(t, "", config.Env("WATCHER")), "watcher.page-size", "6")
}

func TestVariablesForOtherPrefixesAreReported(t *testing.T) {
	t.Setenv("PYFLY_WATCHER_PAGE_SIZE", "5")
	t.Setenv("PYFLY_CLIENT_COLOUR", "red")
	cfg := loadYAML(t, "")
	cfg.String("pyfly.client.timeout", "")
	unknown := cfg.UnknownKeys("pyfly")
	require.Len(t, unknown, 2)
	assert.Equal(t, "pyfly.client.colour", unknown[0].Key)
	assert.Empty(t, unknown[0].Remedy)
	assert.Equal(t, `to set a key below watcher, name the variable WATCHER_PAGE_SIZE and load with config.Env("WATCHER"), or register properties with that prefix`, unknown[1].Remedy)
}

func TestNamesWithDots(t *testing.T) {
	t.Setenv("PYFLY_LEVELS_YAML_V3", "debug")
	t.Setenv("PYFLY_SERVICES_API_V2_TIMEOUT", "2s")
	var got struct {
		Levels   map[string]string
		Services map[string]endpoint
		Deep     map[string]map[string]string
		Lists    map[string][]int
	}
	cfg := loadYAML(t, `pyfly:
  levels: {yaml.v3: off, gopkg.in/yaml.v3: info, a: {b: {c: x}}}
  services:
    api.v2: {base-url: v2}
    api: {base-url: v1}
    eu.timeout: 5s
    plain: {timeout: 1s}
  deep: {a.b: {c: d}, x.y: z, k: {l.m: n}}
  lists: {a.b: [1]}
`, config.Map(map[string]any{"pyfly.levels": map[string]any{"from.code": "error"}}))
	require.NoError(t, cfg.Bind("pyfly", &got))
	assert.Equal(t, map[string]string{"yaml.v3": "debug", "gopkg.in/yaml.v3": "info", "a.b.c": "x", "from.code": "error"}, got.Levels)
	assert.Equal(t, map[string]endpoint{
		"api": {BaseURL: "v1"}, "api.v2": {"v2", 2 * time.Second}, "eu": {Timeout: 5 * time.Second}, "plain": {Timeout: time.Second},
	}, got.Services)
	assert.Equal(t, map[string]map[string]string{"a.b": {"c": "d"}, "x": {"y": "z"}, "k": {"l.m": "n"}}, got.Deep)
	assert.Equal(t, map[string][]int{"a.b": {1}}, got.Lists)
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
