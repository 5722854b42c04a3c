// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnOrderIsLogged(t *testing.T) {
	var log bytes.Buffer
	app := application(container.WithConfig(config.New(nil)), container.WithLogOutput(&log))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	container.Must(container.Get[*Orders](app)).Place(t.Context(), "ada")
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `"msg":"order placed","customer":"ada"`) {
		t.Error(log.String())
	}
}

func TestTheLevelsOfTheGuideAreUnderstood(t *testing.T) {
	cfg, err := config.Load(config.File("testdata/pyfly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	handler, err := logging.New(&bytes.Buffer{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]slog.Level{
		"example.com/shop": slog.LevelWarn, "example.com/shop/orders": slog.LevelDebug, "example.com/shop/orders/store": slog.LevelDebug,
		"github.com/acme/payments": logging.LevelOff, "github.com/pyfly-go/pyfly/client": slog.LevelInfo, "example.com/shop/orders/client": slog.LevelDebug,
	} {
		if got := handler.LevelOf(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if unknown := cfg.UnknownKeys("pyfly"); len(unknown) > 0 {
		t.Errorf("not known: %v", unknown)
	}
}

func TestTheLoggerCanBecomeTheProgramsDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	if app := asDefault(); slog.Default() != app.Logger() {
		t.Error("it is not")
	}
}

func TestTheProgramsLoggerIsUsed(t *testing.T) {
	if _, isJSON := ofTheProgram().Logger().Handler().(*slog.JSONHandler); !isJSON {
		t.Error("it is not")
	}
}

func TestALoggerAlone(t *testing.T) {
	logger, err := alone(config.New(map[string]any{"pyfly.logging.level.root": "error"}))
	if err != nil || logger.Enabled(t.Context(), slog.LevelWarn) {
		t.Error(err)
	}
	if _, err := alone(config.New(map[string]any{"pyfly.logging.format": "xml"})); err == nil {
		t.Error("a wrong format is accepted")
	}
}
