// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

func TestKeysAreThoseWhoseValuesDiffer(t *testing.T) {
	cases := map[string]struct{ before, after, want string }{
		"set, changed, removed":         {"a: 1\nb: 1\nc: 1", "b: 2\nc: 1\nd: 1", "[a b d]"},
		"spelled otherwise":             {"base-url: x\na: {b: 1}", "baseUrl: x\na.b: 1", "[]"},
		"another line, another order":   {"a: 1\nb: 2", "# new\nb: 2\n\na: 1", "[]"},
		"the text of a number":          {"version: 1.10", "version: 1.1", "[version]"},
		"quotes":                        {"a: 1", "a: '1'", "[]"},
		"through a placeholder":         {"a: http://${h}\nh: x", "a: http://${h}\nh: y", "[a h]"},
		"through several":               {"a: ${b}\nb: ${c}\nc: 1", "a: ${b}\nb: ${c}\nc: 2", "[a b c]"},
		"through a default":             {"a: ${b:1}", "a: ${b:2}", "[a]"},
		"a default that is not needed":  {"a: ${b:1}\nb: 3", "a: ${b:2}\nb: 3", "[]"},
		"a default no more":             {"a: ${b:1}", "a: ${b:1}\nb: 2", "[a b]"},
		"a key in place of a default":   {"a: ${b:1}", "a: ${b:1}\nb: 1", "[b]"},
		"through a computed name":       {"a: ${b.${n}}\nb: {x: 1, y: 2}\nn: x", "a: ${b.${n}}\nb: {x: 1, y: 2}\nn: y", "[a n]"},
		"a placeholder for its value":   {"a: ${b}\nb: 1", "a: 1\nb: 1", "[]"},
		"an element":                    {"a: [1, 2]", "a: [1, 3]", "[a]"},
		"an element through a key":      {"a: [1, '${b}']\nb: x", "a: [1, '${b}']\nb: y", "[a b]"},
		"inside an element":             {"a: [{b: {c: '${d}'}}]\nd: x", "a: [{b: {c: '${d}'}}]\nd: y", "[a d]"},
		"a list through a placeholder":  {"a: ${b}\nb: [1]", "a: ${b}\nb: [2]", "[a b]"},
		"a list by its text":            {"a: [x, y]", "a: 'x, y'", "[a]"},
		"a group through a placeholder": {"a: ${b}\nb: {c: 1}", "a: ${b}\nb: {c: 2}", "[a b.c]"},
		"groups in a circle":            {"a: ${b}\nb: {c: '${a}', d: 1}", "a: ${b}\nb: {c: '${a}', d: 1}\ne: 1", "[e]"},
		"what cannot be replaced":       {"a: x${b}", "a: x${b}\nc: 1", "[c]"},
		"what can be replaced then":     {"a: x${b}", "a: x${b}\nb: 1", "[a b]"},
		"a value for a group":           {"a: {b: 1}", "a: 1", "[a a.b]"},
		"the environment's own":         {"pyfly.a: 1", "pyfly.a: 2", "[]"},
		"the environment's own, absent": {"x: 1", "x: 1\npyfly.a: 2", "[]"},
		"through a variable":            {"x: ${DIFF_HOME}", "x: home", "[]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PYFLY_A", "env")
			t.Setenv("DIFF_HOME", "home")
			inFolder(t, map[string]string{"pyfly.yaml": c.before})
			synctest.Test(t, func(t *testing.T) {
				cfg, err := config.Load()
				require.NoError(t, err)
				keys := "[]"
				w := startWatch(t, cfg)
				w.write("pyfly.yaml", c.after)
				w.wait(2 * time.Second)
				require.LessOrEqual(t, len(w.told), 1)
				if len(w.told) == 1 {
					keys = w.told[0][len("- "):]
				}
				assert.Equal(t, c.want, keys)
			})
		})
	}
}

func TestAComparisonMakesNoKeysKnown(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "pyfly: {a: '${pyfly.b}', b: 1}\n"}, func(w *watching) {
		w.write("pyfly.yaml", "pyfly: {a: '${pyfly.b}', b: 2}\n")
		w.tells("[pyfly.a pyfly.b]")
		assert.Len(w.t, w.last.UnknownKeys("pyfly"), 2)
	})
}

func TestVariablesThatChangeAreKeys(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "pyfly: {b: 1, c: '${NAME:x}'}\n"})
	t.Setenv("PYFLY_SHOP_MAX_SIZE", "1")
	t.Setenv("PYFLY_GONE", "1")
	cfg := load(t)
	cfg.String("pyfly.shop.max-size", "")
	for name, value := range map[string]string{"PYFLY_SHOP_MAX_SIZE": "2", "PYFLY_B": "2", "NAME": "y", "PYFLY_NEW_KEY": "1"} {
		t.Setenv(name, value)
	}
	require.NoError(t, os.Unsetenv("PYFLY_GONE"))
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte("pyfly: {b: 1, c: '${NAME:x}', shop.max-size: 3}\n"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		w := startWatch(t, cfg)
		w.wait(2 * time.Second)
		require.Len(t, w.told, 1)
		assert.Equal(t, "- [pyfly.b pyfly.c pyfly.gone pyfly.new.key pyfly.shop.max-size]", w.told[0])
	})
}
