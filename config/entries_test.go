// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

func TestEntriesTellEachSettingWithItsOriginAndNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	content := `shop:
  name: Tools & More
  tags: [garden, "${SHOP_TAG:tools}"]
  db: {password: sesame, url: "postgres://ada:sesame@db/shop"}
  greeting: ${SHOP_PASSWORD:sesame}
pyfly:
  client: {default: {timeout: 7s}}
`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYFLY_CLIENT_DEFAULT_TIMEOUT", "2s")
	t.Setenv("PYFLY_SHOP_MAX_SIZE", "5")
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	cfg.String("pyfly.shop.max-size", "")
	for prefix, want := range map[string][]string{
		"": {
			"pyfly.client.default.timeout 2s environment variable PYFLY_CLIENT_DEFAULT_TIMEOUT",
			"pyfly.shop.max-size 5 environment variable PYFLY_SHOP_MAX_SIZE",
			"shop.db.password ****** pyfly.yaml:4",
			"shop.db.url postgres://******@db/shop pyfly.yaml:4",
			"shop.greeting ****** pyfly.yaml:5",
			"shop.name Tools & More pyfly.yaml:2",
			"shop.tags garden, ${SHOP_TAG:tools} pyfly.yaml:3",
		},
		"shop.db": {"shop.db.password ****** pyfly.yaml:4", "shop.db.url postgres://******@db/shop pyfly.yaml:4"},
		"sho":     nil,
	} {
		var got []string
		for _, e := range cfg.Entries(prefix) {
			got = append(got, e.Key+" "+e.Value+" "+strings.TrimPrefix(e.Origin, filepath.Dir(path)+string(filepath.Separator)))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("below %q:\n%s\nwant\n%s", prefix, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
