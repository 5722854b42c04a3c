// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pyfly-go/pyfly/config"
)

// retryForm is the short form of these tests.
var retryForm = config.ShortForm{Key: "pyfly.*.retry", Switch: "enabled", Value: "max-attempts", Want: "write true, false or a number"}

// retrySettings are what a reader of the group wants to know.
type retrySettings struct {
	Enabled     bool   `koanf:"enabled"`
	MaxAttempts int    `koanf:"max-attempts"`
	BaseDelay   string `koanf:"base-delay"`
}

// retryOf reads the group pyfly.x.retry as a text with the origin of each key
// that is set: "enabled=true@pyfly.yaml:1".
func retryOf(t *testing.T, cfg *config.Config) string {
	t.Helper()
	cfg.AddShortForms(retryForm)
	var read []string
	for _, name := range []string{"enabled", "max-attempts", "base-delay"} {
		key := "pyfly.x.retry." + name
		value, ok, err := config.Value[string](cfg, key)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			origin := strings.TrimPrefix(cfg.Origin(key).String(), "environment variable ")
			read = append(read, fmt.Sprintf("%s=%s@%s", name, value, origin))
		}
	}
	var bound retrySettings
	if err := cfg.Bind("pyfly.x.retry", &bound); err != nil {
		t.Fatal(err)
	}
	if enabled, _, _ := config.Value[bool](cfg, "pyfly.x.retry.enabled"); bound.Enabled != enabled {
		t.Errorf("Bind reads %+v, Value enabled=%t", bound, enabled)
	}
	return strings.Join(read, " ")
}

func TestShortFormsAreWrittenOutInEachLayer(t *testing.T) {
	cases := map[string]struct {
		base, profile string
		env           map[string]string
		code          map[string]any
		want          string
	}{
		"a number":                           {base: "retry: 3", want: "enabled=true@pyfly.yaml:1 max-attempts=3@pyfly.yaml:1"},
		"true":                               {base: "retry: true", want: "enabled=true@pyfly.yaml:1"},
		"false":                              {base: "retry: false", want: "enabled=false@pyfly.yaml:1"},
		"a word that means false":            {base: "retry: 'off'", want: "enabled=off@pyfly.yaml:1"},
		"null":                               {base: "retry: ~", want: ""},
		"the long form":                      {base: "retry: {base-delay: 1s}", want: "base-delay=1s@pyfly.yaml:1"},
		"a profile over a group":             {base: "retry: {base-delay: 1s, max-attempts: 9}", profile: "retry: 3", want: "enabled=true@pyfly-prod.yaml:1 max-attempts=3@pyfly-prod.yaml:1 base-delay=1s@pyfly.yaml:1"},
		"a profile switches a group off":     {base: "retry: {max-attempts: 9}", profile: "retry: false", want: "enabled=false@pyfly-prod.yaml:1 max-attempts=9@pyfly.yaml:1"},
		"a group over a short form":          {base: "retry: 3", profile: "retry: {base-delay: 2s}", want: "enabled=true@pyfly.yaml:1 max-attempts=3@pyfly.yaml:1 base-delay=2s@pyfly-prod.yaml:1"},
		"a group changes a short form":       {base: "retry: 3", profile: "retry: {max-attempts: 5}", want: "enabled=true@pyfly.yaml:1 max-attempts=5@pyfly-prod.yaml:1"},
		"a short form over another":          {base: "retry: 3", profile: "retry: true", want: "enabled=true@pyfly-prod.yaml:1 max-attempts=3@pyfly.yaml:1"},
		"a variable alone":                   {env: map[string]string{"PYFLY_X_RETRY": "4"}, want: "enabled=true@PYFLY_X_RETRY max-attempts=4@PYFLY_X_RETRY"},
		"a variable over a group":            {base: "retry: {base-delay: 1s, max-attempts: 9}", env: map[string]string{"PYFLY_X_RETRY": "4"}, want: "enabled=true@PYFLY_X_RETRY max-attempts=4@PYFLY_X_RETRY base-delay=1s@pyfly.yaml:1"},
		"a variable over a short form":       {base: "retry: 3", env: map[string]string{"PYFLY_X_RETRY": "false"}, want: "enabled=false@PYFLY_X_RETRY max-attempts=3@pyfly.yaml:1"},
		"a variable of the long key":         {env: map[string]string{"PYFLY_X_RETRY": "4", "PYFLY_X_RETRY_MAX_ATTEMPTS": "7"}, want: "enabled=true@PYFLY_X_RETRY max-attempts=7@PYFLY_X_RETRY_MAX_ATTEMPTS"},
		"code over a variable":               {env: map[string]string{"PYFLY_X_RETRY": "4"}, code: map[string]any{"pyfly.x.retry": 5}, want: "enabled=true@code max-attempts=5@code"},
		"code over a file":                   {base: "retry: {base-delay: 1s}", code: map[string]any{"pyfly": map[string]any{"x": map[string]any{"retry": false}}}, want: "enabled=false@code base-delay=1s@pyfly.yaml:1"},
		"code with both forms":               {code: map[string]any{"pyfly.x.retry": 5, "pyfly.x.retry.base-delay": "1s"}, want: "enabled=true@code max-attempts=5@code base-delay=1s@code"},
		"code with both forms, nested first": {code: map[string]any{"pyfly.x": map[string]any{"retry": map[string]any{"base-delay": "1s"}}, "pyfly.x.retry": 5}, want: "enabled=true@code max-attempts=5@code base-delay=1s@code"},
		"a placeholder":                      {base: "retry: ${n}", code: map[string]any{"n": 6}, want: "enabled=true@pyfly.yaml:1 max-attempts=6@pyfly.yaml:1"},
		"a placeholder's default":            {base: "retry: ${n:6}", want: "enabled=true@pyfly.yaml:1 max-attempts=6@pyfly.yaml:1"},
		"a placeholder that is false":        {base: "retry: {max-attempts: 9}", profile: "retry: ${n:false}", want: "enabled=false@pyfly-prod.yaml:1 max-attempts=9@pyfly.yaml:1"},
		"a placeholder of a variable":        {base: "retry: ${N}", env: map[string]string{"N": "true"}, want: "enabled=true@pyfly.yaml:1"},
		"a variable with a placeholder":      {env: map[string]string{"PYFLY_X_RETRY": "${N:2}"}, want: "enabled=true@PYFLY_X_RETRY max-attempts=2@PYFLY_X_RETRY"},
		"a placeholder of a group":           {base: "retry: ${shared}", profile: "retry: {base-delay: 3s}", code: map[string]any{"shared": map[string]any{"max-attempts": 2, "base-delay": "1s"}}, want: "max-attempts=2@pyfly.yaml:1 base-delay=3s@pyfly-prod.yaml:1"},
		"a placeholder of a short form":      {base: "retry: ${pyfly.y.retry}", code: map[string]any{"pyfly.y.retry": 8}, want: "enabled=true@pyfly.yaml:1 max-attempts=8@pyfly.yaml:1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			if c.base != "" {
				files["pyfly.yaml"] = "pyfly.x." + c.base
			}
			if c.profile != "" {
				files["pyfly-prod.yaml"] = "pyfly.x." + c.profile
			}
			inFolder(t, files)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			if got := retryOf(t, load(t, config.Profiles("prod"), config.Map(c.code))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	t.Run("New", func(t *testing.T) {
		got := retryOf(t, config.New(map[string]any{"pyfly.x.retry": 3}))
		if want := "enabled=true@code max-attempts=3@code"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// A variable in short form makes names below its group, so that a reader who
// looks for any sees them.
func TestAShortVariableMakesKeys(t *testing.T) {
	t.Setenv("PYFLY_X_RETRY", "3")
	cfg := loadYAML(t, "pyfly: {x: {retry: {max-attempts: 2}}}")
	cfg.AddShortForms(retryForm)
	if got := fmt.Sprint(cfg.Keys("pyfly.x.retry")); got != "[enabled max-attempts]" {
		t.Error(got)
	}
}

func TestWrongShortForms(t *testing.T) {
	cases := map[string]struct{ yaml, key, want string }{
		"a word":                    {"\npyfly.x.retry: soon", "max-attempts", `pyfly.yaml:2: pyfly.x.retry: "soon" is not a whole number: write true, false or a number`},
		"through a placeholder":     {"\npyfly.x.retry: ${n:soon}", "max-attempts", `pyfly.yaml:2: pyfly.x.retry: "soon" is not a whole number (it comes from ${n:...}): write true, false or a number`},
		"a placeholder of nothing":  {"\npyfly.x.retry: ${n}", "max-attempts", "pyfly.yaml:2: pyfly.x.retry: ${n} is neither a key nor an environment variable: set n, or give a default: ${n:...}"},
		"in a long key":             {"\npyfly.x.retry: {max-attempts: soon}", "max-attempts", `pyfly.yaml:2: pyfly.x.retry.max-attempts: "soon" is not a whole number: write a whole number`},
		"a placeholder of itself":   {"\npyfly.x.retry: ${pyfly.x.retry}", "max-attempts", "pyfly.yaml:2: pyfly.x.retry: a group of keys is where a single value is needed: write a whole number"},
		"a placeholder of its long": {"\npyfly.x.retry: ${pyfly.x.retry.max-attempts}", "max-attempts", "pyfly.yaml:2: pyfly.x.retry.max-attempts: placeholders refer to each other in a cycle: pyfly.x.retry.max-attempts -> pyfly.x.retry.max-attempts: give one of these keys a value without a placeholder"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := loadYAML(t, c.yaml)
			cfg.AddShortForms(retryForm)
			_, _, err := config.Value[int](cfg, "pyfly.x.retry."+c.key)
			wantError(t, err, c.want)
		})
	}
	t.Run("rejected by its reader", func(t *testing.T) {
		cfg := loadYAML(t, "pyfly.x.retry: -1")
		cfg.AddShortForms(retryForm)
		wantError(t, cfg.Errorf("pyfly.x.retry.max-attempts", "write a number of at least %d", 1),
			`pyfly.yaml:1: pyfly.x.retry: "-1" is not allowed: write a number of at least 1`)
	})
	t.Run("a variable of itself", func(t *testing.T) {
		t.Setenv("PYFLY_X_RETRY", "${pyfly.x.retry.max-attempts}")
		cfg := loadYAML(t, "")
		cfg.AddShortForms(retryForm)
		if _, _, err := config.Value[int](cfg, "pyfly.x.retry.max-attempts"); err == nil {
			t.Error("no error")
		}
	})
}

// A single value is no group, wherever it was written.
func TestWhatIsNoShortFormIsAnError(t *testing.T) {
	tls := config.ShortForm{Key: "pyfly.*.tls"}
	for name, c := range map[string]struct {
		yaml, env, want string
	}{
		"a value":             {"tls: true", "", `pyfly.yaml:1: pyfly.x.tls: "true" is where a group of keys is needed: write keys and values below it`},
		"a list":              {"tls: [1]", "", "pyfly.yaml:1: pyfly.x.tls: a list is where a group of keys is needed: write keys and values below it"},
		"a placeholder":       {"tls: ${n:5}", "", `pyfly.yaml:1: pyfly.x.tls: "5" is where a group of keys is needed (it comes from ${n:...}): write keys and values below it`},
		"a variable":          {"a: 1", "true", `environment variable PYFLY_X_TLS: pyfly.x.tls: "true" is where a group of keys is needed: write keys and values below it`},
		"a variable on top":   {"tls: {a: 1}", "true", `environment variable PYFLY_X_TLS: pyfly.x.tls: "true" is where a group of keys is needed: write keys and values below it`},
		"a variable's secret": {"tls: {a: 1}", "http://me:sesame@host", `environment variable PYFLY_X_TLS: pyfly.x.tls: "http://******@host" is where a group of keys is needed: write keys and values below it`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("PYFLY_X_TLS", c.env)
			}
			cfg := loadYAML(t, "pyfly.x."+c.yaml)
			cfg.AddShortForms(tls)
			wantError(t, cfg.Bind("pyfly.x.tls", &struct{}{}), c.want)
			var group map[string]string
			group, _, err := config.Value[map[string]string](cfg, "pyfly.x.tls")
			wantError(t, err, c.want)
			if len(group) > 0 {
				t.Error(group)
			}
		})
	}
}

func TestAPlaceholderOfAGroupIsWrittenOut(t *testing.T) {
	cfg := loadYAML(t, `pyfly:
  x: ${shared}
shared:
  name: a
  retry: 3
  tls: ${certificates}
  tags: [a, b]
certificates: {file: ca.pem}
`)
	cfg.AddShortForms(config.ShortForm{Key: "pyfly.*"}, config.ShortForm{Key: "pyfly.*.tls"}, retryForm)
	for key, want := range map[string]string{
		"pyfly.x.name": "a", "pyfly.x.retry.max-attempts": "3", "pyfly.x.retry.enabled": "true", "pyfly.x.tls.file": "ca.pem",
	} {
		wantText(t, cfg, key, want)
		if got := cfg.Origin(key).String(); got != "pyfly.yaml:2" {
			t.Errorf("%s comes from %s", key, got)
		}
	}
	if tags := value[[]string](t, cfg, "pyfly.x.tags"); len(tags) != 2 {
		t.Error(tags)
	}
}

func TestListingsKnowShortForms(t *testing.T) {
	t.Setenv("PYFLY_Z_RETRY", "5")
	cfg := loadYAML(t, "pyfly:\n  x: {retry: 3}\n  y:\n    retry: 3\n    rtry: 3\n")
	wantUnknown(t, cfg, "pyfly",
		"pyfly.x.retry @ pyfly.yaml:2", "pyfly.y.retry @ pyfly.yaml:4", "pyfly.y.rtry @ pyfly.yaml:5", "pyfly.z.retry @ environment variable PYFLY_Z_RETRY")
	cfg.AddShortForms(retryForm)
	for _, name := range []string{"x", "z"} {
		if err := cfg.Bind("pyfly."+name+".retry", &retrySettings{}); err != nil {
			t.Fatal(err)
		}
	}
	wantUnknown(t, cfg, "pyfly",
		"pyfly.y.retry @ pyfly.yaml:4 pyfly.z.retry", "pyfly.y.rtry @ pyfly.yaml:5 pyfly.z.retry")
	var entries []string
	for _, e := range cfg.Entries("pyfly") {
		entries = append(entries, e.Key+"="+e.Value+"@"+e.Origin)
	}
	want := "pyfly.x.retry.enabled=true@pyfly.yaml:2 pyfly.x.retry.max-attempts=3@pyfly.yaml:2 " +
		"pyfly.y.retry.enabled=true@pyfly.yaml:4 pyfly.y.retry.max-attempts=3@pyfly.yaml:4 pyfly.y.rtry=3@pyfly.yaml:5 " +
		"pyfly.z.retry=5@environment variable PYFLY_Z_RETRY"
	if got := strings.Join(entries, " "); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAVariableOverAShortFormIsListed(t *testing.T) {
	t.Setenv("PYFLY_X_RETRY", "3")
	cfg := loadYAML(t, "pyfly.x.retry: false")
	cfg.AddShortForms(retryForm)
	if err := cfg.Bind("pyfly.x.retry", &retrySettings{}); err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, e := range cfg.Entries("pyfly") {
		entries = append(entries, e.Key+"="+e.Value)
	}
	if got := strings.Join(entries, " "); got != "pyfly.x.retry=3 pyfly.x.retry.enabled=true" {
		t.Error(got)
	}
}

func TestAnEscapedPlaceholderStaysText(t *testing.T) {
	cfg := loadYAML(t, "cache: ${name}\nname: a $${b}\nb: c")
	cfg.AddShortForms(config.ShortForm{Key: "cache", Value: "name"})
	wantText(t, cfg, "cache.name", "a ${b}")
}

func TestWithoutItsShortFormAValueReplacesAGroup(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "pyfly: {x: {retry: {base-delay: 1s}}}", "pyfly-prod.yaml": "pyfly: {x: {retry: 3}}"})
	cfg := load(t, config.Profiles("prod"))
	wantText(t, cfg, "pyfly.x.retry", "3")
	if cfg.Exists("pyfly.x.retry.base-delay") {
		t.Error("the group is still there")
	}
}

// What a short form hides is a change as well, and a changed Config reads short
// forms as the one before did.
func TestAReloadKeepsShortForms(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "pyfly: {x: {retry: {base-delay: 1s}}}", "pyfly-prod.yaml": "pyfly: {x: {retry: 3}}"})
	synctest.Test(t, func(t *testing.T) {
		cfg := load(t, config.Profiles("prod"))
		cfg.AddShortForms(retryForm)
		w := startWatch(t, cfg)
		w.write("pyfly.yaml", "pyfly: {x: {retry: {base-delay: 2s}}}")
		w.tells("[pyfly.x.retry.base-delay]")
		wantText(t, w.last, "pyfly.x.retry.base-delay", "2s")
		wantText(t, w.last, "pyfly.x.retry.max-attempts", "3")
	})
}

func TestShortFormsMayBeAddedByMany(t *testing.T) {
	cfg := loadYAML(t, "pyfly: {x: {retry: 3, cache: 5}}")
	var readers sync.WaitGroup
	for i := range 20 {
		readers.Go(func() {
			cfg.AddShortForms(retryForm, config.ShortForm{Key: fmt.Sprintf("pyfly.n%d", i%5)}, config.ShortForm{Key: "pyfly.x.cache", Value: "size"})
			if n, _, err := config.Value[int](cfg, "pyfly.x.retry.max-attempts"); n != 3 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			if n, _, err := config.Value[int](cfg, "pyfly.x.cache.size"); n != 5 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	readers.Wait()
}

func TestKeysOfAGroupBehindAPlaceholderMayHoldAnything(t *testing.T) {
	cfg := loadYAML(t, "x: ${shared}\nshared: {'urn:a}': 1, 'c{d': 3}\n")
	cfg.AddShortForms(config.ShortForm{Key: "x"})
	if got := value[map[string]int](t, cfg, "x"); got["urn:a}"] != 1 || got["c{d"] != 3 {
		t.Error(got)
	}
}
