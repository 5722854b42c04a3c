// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/logging"
)

// newLogging makes a context with a logger of its own that writes to out.
func newLogging(out io.Writer, settings map[string]any) *container.ApplicationContext {
	return container.NewApplicationContext(container.WithConfig(config.New(settings)), container.WithLogOutput(out))
}

// startAndStop returns what was logged.
func startAndStop(t *testing.T, app *container.ApplicationContext, out *bytes.Buffer) string {
	t.Helper()
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAContextWithoutALoggerHasOneOfItsOwn(t *testing.T) {
	var out bytes.Buffer
	app := newLogging(&out, map[string]any{"pyfly.profiles.active": "prod", "pyfly.app.name": "shop"})
	var injected *slog.Logger
	app.Register(func(l *slog.Logger) *english { injected = l; return &english{} })
	log := startAndStop(t, app, &out)
	if injected == nil || injected != app.Logger() {
		t.Error("another logger is injected")
	}
	first := map[string]any{}
	if err := json.Unmarshal([]byte(strings.Split(log, "\n")[0]), &first); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if first["msg"] != "application context starting" || first["level"] != "INFO" || first["version"] == "" || first["application"] != "shop" || first["go"] != runtime.Version() ||
		first["pid"] != float64(os.Getpid()) || first["profiles"] == nil {
		t.Errorf("the first record is %v", first)
	}
	for _, want := range []string{`"msg":"application context started","beans":1,`, `"msg":"application context stopped","beans":1}`} {
		if strings.Count(log, want) != 1 {
			t.Errorf("no %s in\n%s", want, log)
		}
	}
}

func TestTheBannerIsWrittenToALogOfText(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		banner   bool
		record   bool
	}{
		"text":             {map[string]any{"pyfly.logging.format": "text"}, true, false},
		"asked for":        {map[string]any{"pyfly.logging.format": "text", "pyfly.banner.mode": "Text"}, true, false},
		"off":              {map[string]any{"pyfly.logging.format": "text", "pyfly.banner.mode": "off"}, false, false},
		"JSON":             {map[string]any{"pyfly.logging.format": "json"}, false, true},
		"JSON and off":     {map[string]any{"pyfly.logging.format": "json", "pyfly.banner.mode": "OFF"}, false, false},
		"only warnings":    {map[string]any{"pyfly.logging.format": "text", "pyfly.logging.level.root": "warn"}, false, false},
		"JSON of warnings": {map[string]any{"pyfly.logging.level.container": "warn"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			app := newLogging(&out, c.settings)
			if out.Len() > 0 {
				t.Error("written before the start")
			}
			log := startAndStop(t, app, &out)
			if strings.HasPrefix(log, "    __|__\n--o--(_)--o--  PyFly for Go ") != c.banner || strings.Contains(log, "PyFly") != c.banner {
				t.Errorf("banner wanted: %t:\n%s", c.banner, log)
			}
			if strings.Contains(log, "application context starting") != c.record {
				t.Errorf("record wanted: %t:\n%s", c.record, log)
			}
		})
	}
}

func TestASecondStartWritesNoBanner(t *testing.T) {
	var out bytes.Buffer
	app := newLogging(&out, nil)
	start(t, app)
	if err := app.Start(t.Context()); !errors.Is(err, container.ErrStarted) {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "application context starting"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestTheSummaryCanBeTurnedOff(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		var own, given bytes.Buffer
		settings := map[string]any{"pyfly.logging.startup-summary": wanted, "pyfly.banner.mode": "off"}
		startAndStop(t, newLogging(&own, settings), &own)
		startAndStop(t, newApp(container.WithConfig(config.New(settings)), container.WithLogger(slog.New(slog.NewTextHandler(&given, nil)))), &given)
		for _, log := range []string{own.String(), given.String()} {
			if strings.Contains(log, "application context started") != wanted || strings.Contains(log, "application context stopped") != wanted {
				t.Errorf("wanted: %t:\n%s", wanted, log)
			}
			if !wanted && log != "" {
				t.Error(log)
			}
		}
	}
}

func TestWrongSettingsOfLoggingStopTheStart(t *testing.T) {
	for yaml, want := range map[string]string{
		"pyfly.logging:\n  level:\n    client: verbose\n": `pyfly.yaml:3: pyfly.logging.level.client: "verbose" is not allowed`,
		"pyfly.logging.format: xml\n":                     `pyfly.yaml:1: pyfly.logging.format: "xml" is not allowed`,
		"pyfly.logging.source: maybe\n":                   `pyfly.yaml:1: pyfly.logging.source: "maybe" is not a bool`,
		"pyfly.logging.startup-summary: maybe\n":          `pyfly.yaml:1: pyfly.logging.startup-summary: "maybe" is not a bool`,
		"pyfly.banner.mode: console\n":                    `pyfly.yaml:1: pyfly.banner.mode: "console" is not allowed`,
	} {
		t.Chdir(t.TempDir())
		writeFile(t, "pyfly.yaml", yaml)
		for name, opt := range map[string]container.Option{
			"its own": container.WithLogOutput(io.Discard), "given": container.WithLogger(slog.New(slog.DiscardHandler)),
		} {
			app := container.NewApplicationContext(opt)
			app.Register(func() *english { t.Error("a bean was built"); return &english{} })
			report := startFails(t, app)
			p := only(t, report, container.CodeConfig)
			if p.What != want || p.Remedy == "" || !errors.Is(report, kernel.ErrConfig) {
				t.Errorf("logger: %s: %s, fix: %s, want %s", name, p.What, p.Remedy, want)
			}
		}
	}
}

func TestTheProgramsDefaultLoggerIsUsed(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var out bytes.Buffer
	mine := slog.New(slog.NewTextHandler(&out, nil))
	slog.SetDefault(mine)
	settings := container.WithConfig(config.New(map[string]any{"pyfly.logging.level.root": "error"}))
	app := container.NewApplicationContext(settings)
	if app.Logger() != mine {
		t.Error("another logger")
	}
	log := startAndStop(t, app, &out)
	if strings.Contains(log, "PyFly") || strings.Contains(log, "starting") || !strings.Contains(log, "application context started") {
		t.Error(log)
	}
	if !strings.Contains(log, `msg="a setting has no effect: the program has a logger of its own" key=pyfly.logging.level at=code`) {
		t.Error("no word of the settings without effect:", log)
	}
	if app := container.NewApplicationContext(settings, container.WithLogOutput(io.Discard)); app.Logger() == mine {
		t.Error("an output was given")
	}

	var set strings.Builder
	handler, err := logging.New(&set, config.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	app = newApp(settings, container.WithLogger(slog.New(handler)))
	startAndStop(t, app, &out)
	if strings.Contains(set.String(), "without effect") || strings.Contains(set.String(), "unknown setting") {
		t.Error(set.String())
	}
}

// Whether the program has set a default is told by the name of slog's type.
func TestSlogsInitialLoggerIsKnown(t *testing.T) {
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	if _, isOurs := app.Logger().Handler().(*logging.Handler); !isOurs {
		t.Errorf("slog's initial handler, a %T, is taken for one that the program has set", slog.Default().Handler())
	}
}

func TestSettingsOfLoggingAreKnown(t *testing.T) {
	var out bytes.Buffer
	app := newLogging(&out, map[string]any{
		"pyfly.logging":     map[string]any{"format": "json", "level": map[string]any{"root": "info", "github.com/acme/shop": "warn"}, "source": false, "startup-summary": true, "formatt": "json"},
		"pyfly.banner.mode": "off",
	})
	log := startAndStop(t, app, &out)
	if strings.Count(log, "unknown setting") != 1 || !strings.Contains(log, `"key":"pyfly.logging.formatt"`) || strings.Contains(log, "without effect") {
		t.Error(log)
	}
}

func TestLevelsAreAppliedWhenTheFilesChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	writeFile(t, path, "pyfly.logging: {format: text, level: {root: info}}\n")
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Load(config.File(path))
		require.NoError(t, err)
		log := &lines{}
		app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogOutput(log))
		logs := func(level slog.Level) bool {
			before := log.count("probe")
			app.Logger().Log(t.Context(), level, "probe")
			return log.count("probe") > before
		}
		write := func(content string) {
			writeFile(t, path, content)
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		require.NoError(t, app.Start(t.Context()))
		require.False(t, logs(slog.LevelDebug))
		require.True(t, logs(slog.LevelInfo))
		write("pyfly.logging: {format: text, level: {root: info, container_test: debug}}\n")
		require.True(t, logs(slog.LevelDebug))
		write("pyfly.logging: {format: text, level: {root: loud}}\n")
		require.Equal(t, 1, log.count("configuration not changed"))
		require.True(t, logs(slog.LevelDebug), "a wrong level has changed something")
		write("pyfly.logging: {format: text, level: {root: error}}\n")
		require.False(t, logs(slog.LevelWarn))
		require.NoError(t, app.Stop(context.Background()))

		writeFile(t, path, "pyfly.logging: {format: text, level: {root: warn}}\n")
		require.NoError(t, app.Start(t.Context()))
		require.True(t, logs(slog.LevelWarn), "a new start does not read the files again")
		require.False(t, logs(slog.LevelInfo))
		require.NoError(t, app.Stop(context.Background()))
	})
}

func TestAWrongChangeThatIsPublishedChangesNoLevel(t *testing.T) {
	var out bytes.Buffer
	app := newLogging(&out, nil)
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(map[string]any{"pyfly.logging.level.root": "loud"})})
	app.Logger().Info("probe")
	if log := out.String(); !strings.Contains(log, "are ignored") || !strings.Contains(log, "probe") {
		t.Error(log)
	}
}
