// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

func TestWrongYAML(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"a tab":           {"a:\n\tb: 1\n", "pyfly.yaml:2: a tab cannot indent YAML: use spaces"},
		"a duplicate":     {"a: 1\nb: 2\na: 3\n", "pyfly.yaml:3: the key a is already set at line 1 (there written a): keep one of them; keys that differ only in case, dashes and underscores are the same"},
		"relaxed twice":   {"s:\n  base-url: 1\n  baseUrl: 2\n", "pyfly.yaml:3: the key baseUrl is already set at line 2 (there written base-url): keep one of them; keys that differ only in case, dashes and underscores are the same"},
		"dotted twice":    {"a:\n  b: 1\na.b: 2\n", "pyfly.yaml:3: a.b: this key is already set at pyfly.yaml:2 (there written b): keep one of them; keys that differ only in case, dashes and underscores are the same, and a dot stands for nesting"},
		"value and group": {"a: 1\na.b: 2\n", "pyfly.yaml:2: a: this key is already set at pyfly.yaml:1 (there written a): keep one of them; keys that differ only in case, dashes and underscores are the same, and a dot stands for nesting"},
		"a list":          {"# settings\n- a\n", "pyfly.yaml:2: the file holds a list where keys and values are needed: write lines of the form key: value"},
		"a text":          {"hello\n", "pyfly.yaml:1: the file holds a single value where keys and values are needed: write lines of the form key: value"},
		"two documents":   {"a: 1\n---\nb: 1\n", "pyfly.yaml:2: a second YAML document begins here: keep one document in the file, and put what differs between environments into a profile's file such as pyfly-prod.yaml"},
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
	wantError(t, err, `pyfly.yaml:11: list[0]: "a" is not a whole number: write a whole number`+"\n"+
		`pyfly.yaml:12: list[1]: "b" is not a whole number: write a whole number`)
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

func TestMergedKeysBesideDottedKeys(t *testing.T) {
	const base = "base: &base\n  name: base\n  tls: {file: base, min: 1}\n  list: [1]\nother: &other\n  name: other\n  tls.file: other\n  only: other\n"
	for yaml, want := range map[string]map[string]string{
		"x:\n  <<: *base\n  tls.file: own\n":                         {"tls.file": "own", "tls.min": "1", "name": "base"},
		"x:\n  tls.file: own\n  <<: *base\n":                         {"tls.file": "own", "tls.min": "1"},
		"x:\n  <<: *base\n  tls: {file: own}\n":                      {"tls.file": "own", "tls.min": ""},
		"x:\n  <<: *base\n  TLS: {file: own}\n":                      {"tls.file": "own", "tls.min": ""},
		"x:\n  <<: *base\n  tls: own\n":                              {"tls": "own", "tls.min": ""},
		"x:\n  <<: *base\n  name.first: own\n":                       {"name.first": "own", "tls.min": "1"},
		"x:\n  <<: *base\n  tls.file.path: own\n":                    {"tls.file.path": "own", "tls.min": "1"},
		"x:\n  <<: [*other, *base]\n":                                {"name": "other", "tls.file": "other", "tls.min": "1", "only": "other"},
		"x:\n  <<: [*base, *other]\n":                                {"name": "base", "tls.file": "base", "tls.min": "1", "only": "other"},
		"x:\n  <<: [*other, *base]\n  tls.min: 2\n  name: own\n":     {"name": "own", "tls.file": "other", "tls.min": "2"},
		"x:\n  <<: *base\n  name: ~\n":                               {"name": "base"},
		"x:\n  <<: {<<: *base, name: inner}\n":                       {"name": "inner", "tls.min": "1"},
		"x.y:\n  <<: *base\nx.y.tls.file: own\n":                     {},
		"x:\n  list:\n    - {<<: *base, tls.file: own}\n":            {},
		"mine: &mine\n  <<: *other\n  tls.min: 3\nx:\n  <<: *mine\n": {"tls.file": "other", "tls.min": "3", "only": "other"},
	} {
		inFolder(t, map[string]string{"pyfly.yaml": base + yaml})
		cfg, err := config.Load()
		if strings.HasPrefix(yaml, "x.y") { // two own keys
			require.ErrorContains(t, err, "x.y.tls.file: this key is already set at pyfly.yaml:3")
			continue
		}
		require.NoError(t, err, yaml)
		for key, want := range want {
			assert.Equal(t, want, cfg.String("x."+key, ""), "%s: %s", yaml, key)
		}
	}
}

// Whatever is wrong has a line.
func TestEveryErrorNamesTheLine(t *testing.T) {
	for yaml, line := range map[string]int{
		"a: 1\nb: 'x\nc: 1\n":                        2,
		"a: 1\nb: \"x\nc: 1\n":                       2,
		"a: 1\nb: {c: 1\nd: 2\n":                     2,
		"a: 1\n b: 2\n":                              2,
		"- a\nb: 1\n":                                2,
		"a: 1\nb: &x 1\nc: *y\n":                     3,
		"a: 1\nb: !!int x\n":                         2,
		"a: 1\nb: [1, !!float x]\n":                  2,
		"a: 1\nb: !!bool 7\n":                        2,
		"a: 1\nb: !!binary '%'\n":                    2,
		"a: 1\nb: @x\n":                              2,
		"a: 1\nb: \x01\n":                            2,
		"a: 1\nb: \xff\n":                            2,
		"a: 1\nb: x\x00\n":                           2,
		"a: 1\nb: \"\\q\"\n":                         2,
		"a: 1\nb: >x\n":                              2,
		"a: 1\n\tb: 2\n":                             2,
		"a: 1\nb: {c: 1}}\n":                         2,
		"a: 1\nb: *\n":                               2,
		"a: 1\nb: !<x y\n":                           2,
		"%YAML 2.0\n---\na: 1\n":                     1,
		"a: 1\nb: &b [*b]\n":                         2,
		"a: 1\nb: &b\n  c: {d: *b}\n":                3,
		"a: 1\nb: &b\n  <<: *b\n":                    3,
		"a: 1\n<<: 5\n":                              2,
		"a: 1\n<<: [{b: 1},\n  [{c: 1}]]":            3,
		"a: 1\nb: " + strings.Repeat("{a: ", 20_000): 2,
		"a: 1\nb: " + strings.Repeat("[", 200) + strings.Repeat("]", 200): 2,
		"a: 1\n" + strings.Repeat("b.", 200) + "c: 1\n":                   2,
		"a: 1\nb: \u2028x\n":                        2,
		"a: 1\n---\n---\nb: 1\n":                    3,
		strings.Repeat("# x\n", 300_000) + "a: [\n": 300_001,
	} {
		inFolder(t, map[string]string{"pyfly.yaml": yaml})
		_, err := config.Load()
		var wrong *config.Error
		if assert.ErrorAs(t, err, &wrong, "%.60q", yaml) {
			assert.Equal(t, line, wrong.Origin.Line, "%.60q: %v", yaml, err)
		}
	}
}

func TestAliasesThatDoubleEachOther(t *testing.T) {
	var yaml strings.Builder
	yaml.WriteString("a0: &a0 [x]\n")
	for i := range 30 {
		fmt.Fprintf(&yaml, "a%d: &a%d {x: *a%d, y: *a%d}\n", i+1, i+1, i, i)
	}
	inFolder(t, map[string]string{"pyfly.yaml": yaml.String()})
	_, err := config.Load()
	require.ErrorContains(t, err, "the aliases of this file stand for too many values")
	assert.Less(t, len(err.Error()), 300)
}

func TestDocumentsAndDirectives(t *testing.T) {
	for yaml, line := range map[string]string{
		"a: 1\n---\n":                             "1",
		"a: 1\n---":                               "1",
		"a: 1\n...\n":                             "1",
		"a: 1\n...\n---\n# nothing\n":             "1",
		"---\na: 1\n---\n---\n":                   "2",
		"---\n---\na: 1\n":                        "3",
		"%YAML 1.2\n---\na: 1\n":                  "3",
		"%YAML 1.2\r\n---\r\na: 1\r\n":            "3",
		"%YAML 1.1\n---\na: 1\n":                  "3",
		"# x\n\n%YAML  1.2 # y\n---\na: 1\n---\n": "5",
		"\ufeff%YAML 1.2\n---\na: 1\n":            "3",
		"\ufeffa: 1\n":                            "1",
	} {
		cfg := loadYAML(t, yaml)
		wantText(t, cfg, "a", "1")
		assert.Equal(t, "pyfly.yaml:"+line, cfg.Origin("a").String(), "%q", yaml)
	}
}

func TestNullBracesAndBracketsInAProfile(t *testing.T) {
	const base = "shop: {name: base, db: {url: x, user: y}, tags: [a, b], size: 1}\n"
	type settings struct {
		Name string `default:"none"`
		DB   map[string]string
		Tags []string
		Size int
	}
	for profile, want := range map[string]settings{
		"shop: {db: ~, tags: ~, name: ~}\n":         {"base", map[string]string{"url": "x", "user": "y"}, []string{"a", "b"}, 1},
		"shop: {db: {}}\n":                          {"base", map[string]string{}, []string{"a", "b"}, 1},
		"shop: {db: []}\n":                          {"base", map[string]string{}, []string{"a", "b"}, 1},
		"shop: {tags: []}\n":                        {"base", map[string]string{"url": "x", "user": "y"}, []string{}, 1},
		"shop: {tags: {}}\n":                        {"base", map[string]string{"url": "x", "user": "y"}, []string{}, 1},
		"shop: {}\n":                                {Name: "none"},
		"shop.db: {}\nshop.db.url: z\n":             {"base", map[string]string{"url": "z"}, []string{"a", "b"}, 1},
		"none: &none {}\nshop: {db: *none}\n":       {"base", map[string]string{}, []string{"a", "b"}, 1},
		"shop: {db: {url: {}}}\nx: {}\n":            {"base", map[string]string{"user": "y"}, []string{"a", "b"}, 1},
		"{}\n":                                      {"base", map[string]string{"url": "x", "user": "y"}, []string{"a", "b"}, 1},
		"shop:\n":                                   {"base", map[string]string{"url": "x", "user": "y"}, []string{"a", "b"}, 1},
		"shop: {db: {}, name: other}\nSHOP.size: 2": {"other", map[string]string{}, []string{"a", "b"}, 2},
	} {
		inFolder(t, map[string]string{"pyfly.yaml": base, "pyfly-p.yaml": profile, "pyfly-q.yaml": "a: 1\n"})
		cfg := load(t, config.Profiles("p", "q"))
		var got settings
		require.NoError(t, cfg.Bind("shop", &got), profile)
		assert.Equal(t, want, got, profile)
	}
	inFolder(t, map[string]string{"pyfly.yaml": base, "pyfly-p.yaml": "shop:\n  db: {}\n"})
	t.Setenv("PYFLY_PROFILES_ACTIVE", "p")
	cfg := load(t)
	assert.Equal(t, "pyfly-p.yaml:2", cfg.Origin("shop.db").String())
	assert.Equal(t, "pyfly.yaml:1", cfg.Origin("shop").String())
	assert.False(t, cfg.Exists("shop.db.url"))
}
