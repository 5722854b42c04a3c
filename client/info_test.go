// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestClientsTellTheirSettingsAndWhereTheyComeFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	content := `pyfly:
  config: {watch: false}
  client:
    default: {timeout: 7s}
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
	client.Register[boutique](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	infos := client.Clients(app)
	if len(infos) != 1 || infos[0].Declaration.Name != "shop" || infos[0].Stats.Client != "shop" {
		t.Fatalf("%+v", infos)
	}
	want := map[string]string{
		"timeout": "7s pyfly.yaml:4", "retry.max-attempts": "4 pyfly.yaml:6", "retry.base-delay": "2s PYFLY_CLIENT_RETRY_BASE_DELAY",
		"base-url": "http://******@shop.invalid pyfly.yaml:10", "auth.bearer.token": "****** pyfly.yaml:11", "methods.get.timeout": "1s pyfly.yaml:12",
	}
	for _, s := range infos[0].Settings {
		text := s.Value + " " + s.Origin[max(0, strings.LastIndexByte(s.Origin, '/')+1):]
		if strings.Contains(text, "secret") || strings.Contains(text, "sesame") {
			t.Errorf("%s shows a secret: %s", s.Name, text)
		}
		if wanted, ok := want[s.Name]; ok {
			if !strings.Contains(text, wanted) && !strings.HasPrefix(wanted, strings.Split(text, " ")[0]) || !strings.Contains(text, strings.Split(wanted, " ")[1]) {
				t.Errorf("%s: %q, want %q", s.Name, text, wanted)
			}
			delete(want, s.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not told: %v of %+v", want, infos[0].Settings)
	}
	if b := client.CircuitBreakers(app)["shop"]; b == nil || b != getBean[boutique](t, app).CircuitBreaker() {
		t.Errorf("the breaker is %v", b)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
