// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

// Every pair of layers: the later wins, and says where it stands.
func TestTheLaterLayerWins(t *testing.T) {
	layers := []struct {
		name, origin string
	}{
		{"base", "pyfly.yaml:1"},
		{"first profile", "pyfly-one.yaml:1"},
		{"second profile", "pyfly-two.yaml:1"},
		{"environment", "environment variable PYFLY_KEY"},
		{"first map", "code"},
		{"second map", "code"},
	}
	for lower := range layers {
		for upper := lower; upper < len(layers); upper++ {
			t.Run(fmt.Sprintf("%s under %s", layers[lower].name, layers[upper].name), func(t *testing.T) {
				files := map[string]string{}
				opts := []config.Option{config.Profiles("one", "two")}
				for _, i := range []int{lower, upper} {
					switch text := "pyfly.key: " + layers[i].name; i {
					case 0:
						files["pyfly.yaml"] = text
					case 1:
						files["pyfly-one.yaml"] = text
					case 2:
						files["pyfly-two.yaml"] = text
					case 3:
						t.Setenv("PYFLY_KEY", layers[i].name)
					default:
						opts = append(opts, config.Map(map[string]any{"pyfly": map[string]any{"key": layers[i].name}}))
					}
				}
				inFolder(t, files)
				cfg := load(t, opts...)
				wantText(t, cfg, "pyfly.key", layers[upper].name)
				if got := cfg.Origin("pyfly.key").String(); got != layers[upper].origin {
					t.Errorf("origin %s, want %s", got, layers[upper].origin)
				}
			})
		}
	}
}

func TestGroupsAreMergedAndListsReplaced(t *testing.T) {
	inFolder(t, map[string]string{
		"pyfly.yaml":   "shop: {name: base, size: 1, tags: [a, b, c]}\nkept: {x: 1}\ngone: {x: 1}\nscalar: 1",
		"pyfly-p.yaml": "shop: {name: profile, tags: [d]}\nkept: ~\ngone: 5\nscalar: {y: 2}",
	})
	cfg := load(t, config.Profiles("p"), config.Map(map[string]any{"shop.size": 2}))
	wantText(t, cfg, "shop.name", "profile")
	wantText(t, cfg, "shop.size", "2")
	wantText(t, cfg, "kept.x", "1") // null is not written
	wantText(t, cfg, "gone", "5")
	wantText(t, cfg, "scalar.y", "2")
	if cfg.Exists("gone.x") {
		t.Error("a value did not replace a group")
	}
	if got := value[[]string](t, cfg, "shop.tags"); len(got) != 1 || got[0] != "d" {
		t.Error(got)
	}
}
