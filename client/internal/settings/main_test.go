// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// own is the prefix of the keys of the tests' client.
const own = "pyfly.client.services.shop."

// load loads a pyfly.yaml of the given lines.
func load(t *testing.T, lines ...string) *config.Config {
	t.Helper()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("pyfly.yaml", []byte(strings.Join(lines, "\n")), 0o600))
	cfg, err := config.Load()
	require.NoError(t, err)
	return cfg
}

// shop declares a guarded client with two methods.
func shop() *settings.Declaration {
	return &settings.Declaration{
		Name: "shop", Type: "Shop", Marker: "ServiceClient", ShownURL: "http://shop",
		BuiltIn: settings.Given{Origin: "tag of Shop.ServiceClient", Values: map[string]any{"retry.enabled": true, "circuit-breaker.enabled": true}},
		Tag:     tag("base-url", "http://shop"),
		Methods: []settings.Method{{Name: "GetItem"}, {Name: "Find"}},
	}
}

// tag makes the settings of a tag of pairs of names and values.
func tag(pairs ...any) settings.Given { return given("tag of Shop.ServiceClient", pairs...) }

func defaults(pairs ...any) settings.Given { return given("client.Defaults", pairs...) }

func given(origin string, pairs ...any) settings.Given {
	values := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i].(string)] = pairs[i+1]
	}
	return settings.Given{Origin: origin, Values: values}
}

func resolve(t *testing.T, cfg *config.Config, d *settings.Declaration) *settings.Client {
	t.Helper()
	c, err := settings.Resolve(cfg, d, settings.Known{Codings: []string{"gzip"}})
	require.NoError(t, err)
	return c
}

// effective are the settings of a client by name, as "value from origin".
func effective(c *settings.Client) map[string]string {
	all := map[string]string{}
	for _, s := range c.Effective {
		all[s.Name] = s.Value + " from " + s.Origin
	}
	return all
}
