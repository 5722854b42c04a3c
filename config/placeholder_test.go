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

const placeholders = `
host: localhost
port: 8080
hosts: [a, b]
group: {x: 1, when: "${wait}"}
wait: 5
stage: test
db-test: {url: postgres}
url: http://${host}:${port}/x
absent: ${nowhere:fallback}
nested: ${nowhere:${also-nowhere:${host}}}
colons: ${nowhere:http://h:1/p}
empty: "[${nowhere:}]"
escaped: $${host} and $$${host}
variable: ${GREETING}
home: ${HOME}
chained: ${url}?q
computed: ${db-${stage}.url}
ref-list: ${hosts}
ref-group: ${group}
ref-wait: ${wait}
in-list: ["${host}", "${port}"]
in-map: {a: "${host}"}
dollar: cost $5 {x}
`

func TestPlaceholders(t *testing.T) {
	t.Setenv("GREETING", "hello")
	t.Setenv("HOME", "/home/me")
	cfg := loadYAML(t, placeholders)
	for key, want := range map[string]string{
		"url": "http://localhost:8080/x", "absent": "fallback", "nested": "localhost", "colons": "http://h:1/p",
		"empty": "[]", "escaped": "${host} and $${host}", "variable": "hello", "home": "/home/me",
		"chained": "http://localhost:8080/x?q", "computed": "postgres", "dollar": "cost $5 {x}",
	} {
		wantText(t, cfg, key, want)
	}
}

func TestDefaultsMayHoldBraces(t *testing.T) {
	for text, want := range map[string]struct{ unset, set string }{
		"${PATH_OF:/products/{id}}":           {"/products/{id}", "set"},
		"x${PATH_OF:/products/{id}}y":         {"x/products/{id}y", "xsety"},
		"${PATH_OF:{id}/{name}}/{more}":       {"{id}/{name}/{more}", "set/{more}"},
		`${PATH_OF:{"a": {"b": "${other}"}}}`: {`{"a": {"b": "o"}}`, "set"},
		"${PATH_OF:${other:{x}}/{y}}":         {"o/{y}", "set"},
		"${PATH_OF:${none:{x}}/{y}}":          {"{x}/{y}", "set"},
		"${PATH_OF:$${id}}":                   {"${id}", "set"},
		"${PATH_OF:a$${id}b}c":                {"a${id}bc", "setc"},
		"${PATH_OF:$${id}":                    {"${id", "set"},
		"${PATH_OF:{}":                        {"{", "set"},
		"${PATH_OF:a{b}":                      {"a{b", "set"},
		"$${PATH_OF:{id}}":                    {"${PATH_OF:{id}}", "${PATH_OF:{id}}"},
		"$$${PATH_OF}":                        {"$${PATH_OF}", "$${PATH_OF}"},
		"$${a}${PATH_OF:b}$${c":               {"${a}b${c", "${a}set${c"},
	} {
		for value, want := range map[string]string{"": want.unset, "set": want.set} {
			settings := map[string]any{"a": text, "other": "o", "b": "${a}", "list": []string{text}, "g": map[string]any{"x": text}, "ref": "${g}"}
			if value != "" {
				settings["PATH_OF"] = value
			}
			cfg := config.New(settings)
			cfg.AddShortForms(config.ShortForm{Key: "ref"})
			for _, key := range []string{"a", "b", "g.x", "ref.x"} {
				wantText(t, cfg, key, want)
			}
			if got := firstOf(t, cfg, "list"); got != want {
				t.Errorf("%s in a list: %q, want %q", text, got, want)
			}
			if got, err := cfg.Expand(text); err != nil || got != want {
				t.Errorf("%s expands to %q, %v; want %q", text, got, err, want)
			}
		}
	}
}

func firstOf(t *testing.T, cfg *config.Config, key string) string {
	return value[[]string](t, cfg, key)[0]
}

func TestALonePlaceholderKeepsTheType(t *testing.T) {
	cfg := loadYAML(t, placeholders)
	for key, want := range map[string]any{
		"ref-list":  []any{"a", "b"},
		"ref-group": map[string]any{"x": 1, "when": 5},
		"ref-wait":  5,
		"in-list":   []any{"localhost", 8080},
		"in-map":    map[string]any{"a": "localhost"},
	} {
		if got := value[any](t, cfg, key); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", key, got, want)
		}
	}
	if got := value[time.Duration](t, cfg, "ref-wait"); got != 5*time.Second {
		t.Error(got)
	}
	var bound struct {
		X    int           `koanf:"x"`
		When time.Duration `koanf:"when"`
	}
	if err := cfg.Bind("ref-group", &bound); err != nil || bound.X != 1 || bound.When != 5*time.Second {
		t.Errorf("%+v, %v", bound, err)
	}
}

func TestAKeyWinsOverAVariableOfThatName(t *testing.T) {
	t.Setenv("host", "variable")
	wantText(t, loadYAML(t, "host: key\na: ${host}"), "a", "key")
}

func TestPlaceholdersSeeOverrides(t *testing.T) {
	t.Setenv("PYFLY_HOST", "env")
	cfg := loadYAML(t, "pyfly.host: file\nurl: http://${pyfly.host}:${pyfly.port}", config.Map(map[string]any{"pyfly.port": 1}))
	wantText(t, cfg, "url", "http://env:1")
}

func TestWrongPlaceholders(t *testing.T) {
	doubling := "d0: xxxxxxxxxxxxxxxx\n"
	for i := 1; i < 30; i++ {
		doubling += strings.NewReplacer("N", string(rune('0'+i/10))+string(rune('0'+i%10)), "P", previous(i)).Replace("eN: ${P}${P}\n")
	}
	cases := map[string]struct{ yaml, key, want string }{
		"unresolvable":             {"\na: x${b.c}y", "a", "pyfly.yaml:2: a: ${b.c} is neither a key nor an environment variable: set b.c, or give a default: ${b.c:...}"},
		"unclosed":                 {"a: x${b", "a", "pyfly.yaml:1: a: the placeholder ${b is not closed: close it with }, or write $${ for a literal ${"},
		"unclosed, with a default": {"a: x${b:sesame", "a", "pyfly.yaml:1: a: the placeholder ${b is not closed: close it with }, or write $${ for a literal ${"},
		"unclosed, in a secret":    {"api-key: x${sesame", "api-key", "pyfly.yaml:1: api-key: a placeholder in this secret is not complete: close it with }, or write $${ for a literal ${"},
		"nameless":                 {"a: ${:x}", "a", "pyfly.yaml:1: a: the placeholder ${:...} names nothing: write ${name} or ${name:default}, or $${ for a literal ${"},
		"group in text":            {"a: x${g}\ng: {b: 1}", "a", "pyfly.yaml:1: a: ${g} is a group of keys and cannot be part of a text: refer to a single value"},
		"list in text":             {"a: x${g}\ng: [1]", "a", "pyfly.yaml:1: a: ${g} is a list and cannot be part of a text: refer to a single value"},
		"itself":                   {"a: ${a}", "a", "pyfly.yaml:1: a: placeholders refer to each other in a cycle: a -> a: give one of these keys a value without a placeholder"},
		"cycle of two":             {"a: ${b}\nb: x${a}", "a", "pyfly.yaml:1: a: placeholders refer to each other in a cycle: a -> b -> a: give one of these keys a value without a placeholder"},
		"cycle behind":             {"z: ${a}\na: ${b}\nb: ${c}\nc: ${a}", "z", "pyfly.yaml:2: a: placeholders refer to each other in a cycle: a -> b -> c -> a: give one of these keys a value without a placeholder"},
		"cycle, relaxed":           {"base-url: ${other}\nother: ${baseUrl}", "base-url", "pyfly.yaml:1: base-url: placeholders refer to each other in a cycle: base-url -> other -> base-url: give one of these keys a value without a placeholder"},
		"through group":            {"a: {b: \"${c}\"}\nc: {d: \"${a}\"}", "a", "pyfly.yaml:1: a.b: placeholders refer to each other in a cycle: a.b -> c.d -> a: give one of these keys a value without a placeholder"},
		"group in group":           {"a:\n  b: ${a}", "a", "pyfly.yaml:2: a.b: placeholders refer to each other in a cycle: a.b -> a: give one of these keys a value without a placeholder"},
		"through lists":            {"a: ['${b}']\nb: ['${c}']\nc: ['${b}']", "a", "pyfly.yaml:2: b[0]: placeholders refer to each other in a cycle: b[0] -> c[0] -> b: give one of these keys a value without a placeholder"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, ok, err := config.Value[any](loadYAML(t, c.yaml), c.key)
			wantError(t, err, c.want)
			if ok {
				t.Error("a value in spite of the error")
			}
		})
	}
	t.Run("doubling", func(t *testing.T) {
		_, _, err := config.Value[string](loadYAML(t, doubling), "e29")
		if err == nil || !strings.Contains(err.Error(), "expand to more than 10000 others or 1048576 bytes") {
			t.Error(err)
		}
	})
}

func TestGroupsThatDoubleEachOther(t *testing.T) {
	settings := map[string]any{"g0": map[string]any{"x": 1}}
	for i := range 40 {
		below := fmt.Sprintf("${g%d}", i)
		settings[fmt.Sprintf("g%d", i+1)] = map[string]any{"a": below, "b": below}
	}
	_, ok, err := config.New(settings).Get("g40")
	if ok || err == nil || !strings.Contains(err.Error(), "expand to more than 10000 others") {
		t.Error(ok)
	}
}

func previous(i int) string {
	if i == 1 {
		return "d0"
	}
	i--
	return "e" + string(rune('0'+i/10)) + string(rune('0'+i%10))
}

func TestExpand(t *testing.T) {
	t.Setenv("SHOP_STAGE", "prod")
	cfg := config.New(map[string]any{"payment": map[string]any{"url": "http://pay", "port": 1.50}})
	for text, want := range map[string]string{
		"":                                   "",
		"plain":                              "plain",
		"${payment.url}/v1":                  "http://pay/v1",
		"${payment.url}":                     "http://pay",
		"${payment.port}":                    "1.5",
		"${other.url:http://localhost:8080}": "http://localhost:8080",
		"$${x}":                              "${x}",
		"${SHOP_STAGE}":                      "prod",
		"${ payment.url }":                   "http://pay",
		"$":                                  "$",
		"}${payment.url}{":                   "}http://pay{",
	} {
		if got, err := cfg.Expand(text); err != nil || got != want {
			t.Errorf("Expand(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	_, err := cfg.Expand("http://${no.host}")
	wantError(t, err, "${no.host} is neither a key nor an environment variable: set no.host, or give a default: ${no.host:...}")
	_, err = cfg.Expand("${payment}")
	wantError(t, err, "${payment} is a group of keys and cannot be part of a text: refer to a single value")
}
