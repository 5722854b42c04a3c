// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type tunedClient struct {
	client.ServiceClient `name:"shop" recovery-timeout:"90s" timeout:"3s"`

	Get func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
}

func TestClientsTellTheirSettingsAndWhereTheyComeFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	content := `pyfly:
  config: {watch: false}
  client:
    default: {timeout: 8s, connect-timeout: 7s}
    configs:
      internal: {retry: {max-attempts: 4}}
    services:
      shop:
        base: internal
        base-url: http://ada:secret@shop.invalid
        auth: {bearer: {token: sesame}}
        methods: {get: {timeout: 1s}}
`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYFLY_CLIENT_RETRY_BASE_DELAY", "2s")
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext(container.WithConfig(cfg))
	app.Install(client.Module())
	client.Register[tunedClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	infos := client.Clients(app)
	if len(infos) != 1 || infos[0].Declaration.Name != "shop" || infos[0].Stats.Client != "shop" {
		t.Fatalf("%+v", infos)
	}
	want := map[string]string{
		"timeout":                           "3s from tag of tunedClient.ServiceClient",
		"connect-timeout":                   "7s from pyfly.yaml:4",
		"retry.max-attempts":                "4 from pyfly.yaml:6",
		"retry.base-delay":                  "2s from environment variable PYFLY_CLIENT_RETRY_BASE_DELAY",
		"base-url":                          "http://******@shop.invalid from pyfly.yaml:10",
		"auth.bearer.token":                 "****** from pyfly.yaml:11",
		"methods.get.timeout":               "1s from pyfly.yaml:12",
		"circuit-breaker.enabled":           "true from tag of tunedClient.ServiceClient",
		"circuit-breaker.failure-threshold": "5 from default",
		"circuit-breaker.recovery-timeout":  "1m30s from tag of tunedClient.ServiceClient",
		"max-response-size":                 "10MiB from default",
		"retry.multiplier":                  "2 from default",
		"retry.budget.ratio":                "0.2 from default",
		"bulkhead.enabled":                  "false from default",
	}
	for _, s := range infos[0].Settings {
		got := s.Value + " from " + strings.TrimPrefix(s.Origin, filepath.Dir(path)+string(filepath.Separator))
		if strings.Contains(got, "secret") || strings.Contains(got, "sesame") {
			t.Errorf("%s shows a secret: %s", s.Name, got)
		}
		if wanted, ok := want[s.Name]; ok && got != wanted {
			t.Errorf("%s: %s, want %s", s.Name, got, wanted)
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v of %+v", want, infos[0].Settings)
	}
	if b := client.CircuitBreakers(app)["shop"]; b == nil || b != getBean[tunedClient](t, app).CircuitBreaker() {
		t.Errorf("the breaker is %v", b)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
