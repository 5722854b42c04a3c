// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

var pairsForm = config.ShortForm{Key: "shop.headers", Pairs: true, Want: "write Name: value"}

func TestATextOfPairsSetsTheKeysOfAGroup(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string // nil: refused
	}{
		"one":                        {"X-A: 1", map[string]string{"X-A": "1"}},
		"two":                        {" X-A : 1 ;x-b:2; ", map[string]string{"X-A": "1", "x-b": "2"}},
		"no value":                   {"X-A:", map[string]string{"X-A": ""}},
		"a colon in a value":         {"X-A: 12:30", map[string]string{"X-A": "12:30"}},
		"a name twice":               {"X-A: 1; x-a: 2", map[string]string{"X-A": "1, 2"}},
		"a placeholder":              {"X-A: ${shop.name}; X-B: ${none:a;b: c}", map[string]string{"X-A": "garden", "X-B": "a;b: c"}},
		"an escaped placeholder":     {"X-A: $${shop.name}", map[string]string{"X-A": "${shop.name}"}},
		"a placeholder of a group":   {"${shop.others}", map[string]string{"X-C": "3"}},
		"no colon":                   {"X-A", nil},
		"no name":                    {": 1", nil},
		"a name with a space":        {"X A: 1", nil},
		"a name with a dot":          {"X.A: 1", nil},
		"a name with a placeholder":  {"${shop.name}: 1", nil},
		"a second one without colon": {"X-A: 1; X-B", nil},
		"a secret without colon":     {"X-Api-Key sesame", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config.New(map[string]any{"shop.headers": c.text, "shop.name": "garden", "shop.others.X-C": 3})
			cfg.AddShortForms(pairsForm)
			var got struct {
				Headers map[string]string `koanf:"headers"`
			}
			err := cfg.Bind("shop", &got)
			switch {
			case c.want == nil && (err == nil || !strings.Contains(err.Error(), "write Name: value, or keys and values below it") || strings.Contains(err.Error(), "sesame")):
				t.Errorf("%v", err)
			case c.want != nil && (err != nil || !maps.Equal(got.Headers, c.want)):
				t.Errorf("got %v, %v, want %v", got.Headers, err, c.want)
			}
		})
	}
}

func TestLaterKeysCountOverPairs(t *testing.T) {
	cfg := config.New(map[string]any{"shop.headers": "X-A: 1; X-B: 2"})
	cfg.AddShortForms(pairsForm)
	if value, ok, err := config.Value[string](cfg, "shop.headers.x-b"); value != "2" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", value, ok, err)
	}
}
