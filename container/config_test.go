// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPyflyYAMLIsReadWithTheProfilesGiven(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "pyfly.yaml", "shop: {currency: EUR, name: base}\n")
	writeFile(t, "pyfly-prod.yaml", "shop: {currency: CHF}\n")
	for want, opts := range map[string][]container.Option{
		"EUR base": nil,
		"CHF base": {container.WithProfiles("prod")},
	} {
		cfg := container.NewApplicationContext(opts...).Config()
		if got := cfg.String("shop.currency", "") + " " + cfg.String("shop.name", ""); got != want {
			t.Errorf("read %q, want %q", got, want)
		}
	}
}

func TestAConfigurationThatIsGivenIsNotReadAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "pyfly.yaml", "not: [yaml\n")
	if err := newApp().Start(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWrongTimeLimits(t *testing.T) {
	for _, value := range []string{"soon", "-1s", "0s"} {
		app := newApp(container.WithConfig(config.New(map[string]any{
			"pyfly.context.start-timeout": value, "pyfly.context.shutdown-timeout": value,
		})))
		report := startFails(t, app)
		if len(report.Problems) != 2 || !errors.Is(report, kernel.ErrConfig) ||
			!strings.Contains(report.Error(), "pyfly.context.shutdown-timeout") {
			t.Errorf("%q: %v", value, report)
		}
	}
}

func TestSettingsThatNothingReadsAreWarnedOf(t *testing.T) {
	var log bytes.Buffer
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		container.WithConfig(config.New(map[string]any{
			"pyfly.context.start-timout": "3s", "pyfly.entirely.else": 1, "shop.name": "not ours", "pyfly.app.name": "shop",
		})))
	start(t, app)
	for _, want := range []string{"key=pyfly.context.start-timout at=code nearest=pyfly.context.start-timeout", "key=pyfly.entirely.else at=code\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("not warned of by %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "shop.name") || strings.Contains(log.String(), "pyfly.app.name") {
		t.Error("a setting that is known, or the user's own, was warned of")
	}
}

func TestAStartCancelledDuringTheBuildingBuildsNoFurther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := &journal{}
	app := newApp()
	app.Register(func() *first { cancel(); return &first{recorder{"first", j, nil}} })
	app.Register(func() *english { t.Error("built after the cancellation"); return &english{} })
	app.Register(func() *french { t.Error("built after the cancellation"); return &french{} })
	err := app.Start(ctx)
	var report *container.StartupError
	if !errors.As(err, &report) || len(report.Problems) != 1 || report.Problems[0].Code != container.CodeCancelled || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	j.equals(t, "PostConstruct first", "PreDestroy first")
}
