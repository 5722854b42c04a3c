// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"reflect"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

func TestWrongYAML(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"a tab":           {"a:\n\tb: 1\n", "pyfly.yaml:2: a tab cannot indent YAML: use spaces"},
		"a duplicate":     {"a: 1\nb: 2\na: 3\n", "pyfly.yaml:3: the key a is already set at line 1 (there written a): keep one of them; case, dashes and underscores do not tell keys apart"},
		"relaxed twice":   {"s:\n  base-url: 1\n  baseUrl: 2\n", "pyfly.yaml:3: the key baseUrl is already set at line 2 (there written base-url): keep one of them; case, dashes and underscores do not tell keys apart"},
		"dotted twice":    {"a:\n  b: 1\na.b: 2\n", "pyfly.yaml:3: a.b: this key is already set at pyfly.yaml:2 (there written b): keep one of them; case, dashes and underscores do not tell keys apart, and a dot nests"},
		"value and group": {"a: 1\na.b: 2\n", "pyfly.yaml:2: a: this key is already set at pyfly.yaml:1 (there written a): keep one of them; case, dashes and underscores do not tell keys apart, and a dot nests"},
		"a list":          {"# settings\n- a\n", "pyfly.yaml:2: the file holds a list where keys and values are needed: write lines of the form key: value"},
		"a text":          {"hello\n", "pyfly.yaml:1: the file holds a single value where keys and values are needed: write lines of the form key: value"},
		"two documents":   {"a: 1\n---\nb: 1\n", "pyfly.yaml:2: a second YAML document begins here: keep one document in the file; what differs by environment goes to a profile's file such as pyfly-prod.yaml"},
		"a null key":      {"~: 1\n", "pyfly.yaml:1: a key is empty or null: write a name before the colon, in quotes if it is the word null"},
		"a list as key":   {"? [a]\n: 1\n", "pyfly.yaml:1: a key is a list: write text as key"},
		"an empty part":   {"a..b: 1\n", `pyfly.yaml:1: the key "a..b" has an empty segment: write names between the dots`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{"pyfly.yaml": c.yaml})
			_, err := config.Load()
			wantError(t, err, c.want)
		})
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	cases := map[string]struct {
		yaml string
		line string
	}{
		"a bracket that stays open": {"a: 1\nb: [1, 2\nc: 3\n", "pyfly.yaml:2: "},
		"a bad indent":              {"a:\n  b: 1\n c: 2\n", "pyfly.yaml:3: "},
		"two colons":                {"a: 1\nb: c: d\n", "pyfly.yaml:2: "},
		"an unknown anchor":         {"a: 1\nb: *x\n", "pyfly.yaml:2: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{"pyfly.yaml": c.yaml})
			_, err := config.Load()
			if err == nil || err.Error()[:min(len(err.Error()), len(c.line))] != c.line {
				t.Errorf("got %v, want it to begin with %s", err, c.line)
			}
		})
	}
}

func TestFilesWithoutKeys(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "comment": "# nothing\n", "null": "~\n", "document": "---\n", "braces": "{}\n"} {
		t.Run(name, func(t *testing.T) {
			if got := loadYAML(t, text).Keys(""); len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

func TestNullIsAbsent(t *testing.T) {
	cfg := loadYAML(t, "a: ~\nb:\nc: null\nd: [1, ~, 2]\n")
	for _, key := range []string{"a", "b", "c"} {
		if cfg.Exists(key) || !cfg.Origin(key).IsZero() {
			t.Errorf("%s is set", key)
		}
	}
	if got := value[[]int](t, cfg, "d"); !reflect.DeepEqual(got, []int{1, 2}) {
		t.Error(got)
	}
}

func TestOrigins(t *testing.T) {
	t.Setenv("PYFLY_E", "1")
	cfg := loadYAML(t, `# line 1
base: &base
  url: x
  more: {deep: 1}
copy: *base
merged:
  <<: *base
  own: 1
  more: 2
list:
  - a
  - b
a.b.c: 1
`, config.Map(map[string]any{"code.x": 1}))
	for key, want := range map[string]string{
		"base": "pyfly.yaml:2", "base.url": "pyfly.yaml:3", "base.more.deep": "pyfly.yaml:4",
		"copy": "pyfly.yaml:5", "copy.url": "pyfly.yaml:3",
		"merged.url": "pyfly.yaml:3", "merged.own": "pyfly.yaml:8", "merged.more": "pyfly.yaml:9",
		"list": "pyfly.yaml:10", "a.b.c": "pyfly.yaml:13", "a": "pyfly.yaml:13",
		"code.x": "code", "code": "code", "pyfly.e": "environment variable PYFLY_E", "none": "unknown",
	} {
		if got := cfg.Origin(key).String(); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	wantText(t, cfg, "copy.url", "x")
	wantText(t, cfg, "merged.more", "2")
	if (config.Origin{}).String() != "unknown" || (config.Origin{File: "f"}).String() != "f" {
		t.Error("the text of a partial origin")
	}
	_, _, err := config.Value[[]int](cfg, "list")
	wantError(t, err, `pyfly.yaml:11: list[0]: "a" is no whole number: write a whole number`+"\n"+
		`pyfly.yaml:12: list[1]: "b" is no whole number: write a whole number`)
}

func TestSeveralMerges(t *testing.T) {
	cfg := loadYAML(t, "a: &a {x: 1, base-url: a}\nb: &b\n  x: 2\n  y: 3\nc:\n  <<: [*a, *b]\n  baseUrl: own\n1: {2: two}\nlist: [[1, ~, 2], {k: v}]\n")
	for key, want := range map[string]string{"c.x": "1", "c.y": "3", "c.base-url": "own", "1.2": "two"} {
		wantText(t, cfg, key, want)
	}
	if got := cfg.Origin("c.y").String(); got != "pyfly.yaml:4" {
		t.Error(got)
	}
	if got := value[any](t, cfg, "list"); !reflect.DeepEqual(got, []any{[]any{1, 2}, map[string]any{"k": "v"}}) {
		t.Errorf("%#v", got)
	}
}

func TestTextIsAsItWasWritten(t *testing.T) {
	cfg := loadYAML(t, "version: 1.10\nmode: 0o17\ndate: 2026-01-02\non: yes\ntrue: x\n1: one\nlong: 12345678901234567890123\n")
	for key, want := range map[string]string{"version": "1.10", "date": "2026-01-02", "on": "yes", "true": "x", "1": "one"} {
		wantText(t, cfg, key, want)
	}
	if got := value[int](t, cfg, "mode"); got != 15 {
		t.Error(got)
	}
}
