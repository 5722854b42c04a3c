// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestAFileThatWasAskedForMustExist(t *testing.T) {
	if _, err := load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestTheSettingsForTestsStart(t *testing.T) {
	app := inTests()
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestTheDefaultsOfTheGuideAreUnderstood(t *testing.T) {
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	port := clienttest.NewPort()
	app.Install(client.Module(client.WithFactory(port.Factory())))
	registerWithDefaults(app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	if made := port.Configs(); len(made) != 1 || made[0].BaseURL != "http://localhost:8081" || made[0].Timeout != 5*time.Second {
		t.Errorf("%+v", made)
	}
}

func TestTheSettingsOfTheGuideAreUnderstood(t *testing.T) {
	t.Setenv("PAYMENT_URL", "http://pay.example")
	cfg, err := config.Load(config.File("testdata/pyfly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	port, log := startClient(t, cfg)
	made := port.Configs()
	if len(made) != 1 || made[0].BaseURL != "http://pay.example" || made[0].Timeout != 5*time.Second || made[0].Header.Get("X-Tenant") != "shop" {
		t.Errorf("%+v", made)
	}
	if strings.Contains(log, "level=WARN") {
		t.Errorf("a setting is not known:\n%s", log)
	}
}

func TestTheShortFormsOfTheGuideAreUnderstood(t *testing.T) {
	cfg, err := config.Load(config.File("testdata/short.yaml"), config.Map(map[string]any{
		"pyfly.client.services.payment-client.base-url": "http://pay.example",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, log := startClient(t, cfg); strings.Contains(log, "level=WARN") {
		t.Errorf("a setting is not known:\n%s", log)
	}
	for key, want := range map[string]string{
		"retry.enabled": "true", "retry.max-attempts": "3", "circuit-breaker.enabled": "true", "bulkhead.max-concurrent": "5",
		"rate-limit.per-second": "10", "hedge.delay": "100ms", "adaptive-limit.enabled": "false", "methods.charge.retry.enabled": "false",
	} {
		if got := cfg.String("pyfly.client.services.payment-client."+key, ""); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestAVariableSetsAClientsOwnKey(t *testing.T) {
	t.Setenv("PYFLY_CLIENT_SERVICES_PAYMENT_CLIENT_TIMEOUT", "2s")
	t.Setenv("PAYMENT_URL", "http://pay.example")
	cfg, err := config.Load(config.File("testdata/pyfly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	port, _ := startClient(t, cfg)
	if made := port.Configs(); len(made) != 1 || made[0].Timeout != 2*time.Second {
		t.Errorf("%+v", made)
	}
}

func TestAMisspeltKeyIsWarnedOf(t *testing.T) {
	_, log := startClient(t, config.New(map[string]any{
		"pyfly.client.services.payment-client.base-url": "http://pay.example",
		"pyfly.client.default.tiemout":                  "5s",
	}))
	if !strings.Contains(log, "key=pyfly.client.default.tiemout") || !strings.Contains(log, "nearest=pyfly.client.default.timeout") {
		t.Error(log)
	}
}

// startClient starts and stops an application with the client, and returns its
// port and its log.
func startClient(t *testing.T, cfg *config.Config) (*clienttest.Port, string) {
	t.Helper()
	var log bytes.Buffer
	port := clienttest.NewPort()
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Install(client.Module(client.WithFactory(port.Factory())))
	client.Register[PaymentClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	return port, log.String()
}

func TestChangesAreHeard(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	events := lifecycle.NewEvents(nil)
	watch(events)
	lifecycle.Publish(events, config.Changed{Config: config.New(nil), Keys: []string{"shop.currency"}})
	if !strings.Contains(log.String(), "currency=EUR") {
		t.Error(log.String())
	}
}

func TestTheWatcherFollowsItsSettings(t *testing.T) {
	app := inTests()
	register(app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := container.Must(container.Get[*Watcher](app))
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(map[string]any{"watcher": map[string]any{"page-size": 5, "interval": "1h"}})})
	if got := w.nextPage(); got != 5 {
		t.Errorf("the page size is %d", got)
	}
	w.ticker.Stop()
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	handle(inTests())
}
