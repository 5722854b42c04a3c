// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/logging"
)

// load reads a pyfly.yaml with the given text.
func load(t *testing.T, text string) *config.Config {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pyfly.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func handlerOf(t *testing.T, cfg *config.Config) *logging.Handler {
	t.Helper()
	h, err := logging.New(&strings.Builder{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestFormsOfLevels(t *testing.T) {
	for text, want := range map[string]slog.Level{
		"trace": logging.LevelTrace, "DEBUG": slog.LevelDebug, " Info ": slog.LevelInfo, "warn": slog.LevelWarn, "ERROR": slog.LevelError,
		"off": logging.LevelOff, "info+2": slog.LevelInfo + 2, "Warn-1": slog.LevelWarn - 1, "trace+1": logging.LevelTrace + 1,
	} {
		h, _ := newHandler(t, map[string]any{"level": map[string]any{"root": text}})
		if got := h.LevelOf("shop"); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestWithoutSettingsTheLevelIsInfo(t *testing.T) {
	if got := handlerOf(t, config.New(nil)).LevelOf("shop"); got != slog.LevelInfo {
		t.Error(got)
	}
}

func TestWrongSettingsAreReportedInOneLineEach(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"a wrong level": {"pyfly:\n  logging:\n    level:\n      client: verbose\n",
			`pyfly.yaml:4: pyfly.logging.level.client: "verbose" is not allowed: write trace, debug, info, warn, error or off, or a step from one of them such as info+2`},
		"a wrong level of an import path": {"pyfly.logging.level:\n  github.com/acme/shop: loud\n",
			`pyfly.yaml:2: pyfly.logging.level.github.com/acme/shop: "loud" is not allowed: write trace,`},
		"a level that is a bool": {"pyfly.logging.level:\n  root: false\n",
			`pyfly.yaml:2: pyfly.logging.level.root: "false" is not allowed: write trace,`},
		"a level that is a list": {"pyfly.logging.level:\n  root: [info]\n",
			`pyfly.yaml:2: pyfly.logging.level.root: a list is not allowed here: write trace,`},
		"a level without a package": {"pyfly.logging.level: debug\n",
			`pyfly.yaml:1: pyfly.logging.level: "debug" is not allowed: write a level for each package below it: pyfly.logging.level.root: info`},
		"a wrong format": {"pyfly.logging.format: xml\n",
			`pyfly.yaml:1: pyfly.logging.format: "xml" is not allowed: write auto, text or json`},
		"a wrong source": {"pyfly.logging.source: perhaps\n",
			`pyfly.yaml:1: pyfly.logging.source: "perhaps" is not a bool: write true or false`},
		"a placeholder that nothing resolves": {"pyfly.logging.level.root: ${no.such.level}\n", "pyfly.yaml:1: pyfly.logging.level.root: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := logging.Check(load(t, c.yaml))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || !errors.Is(err, kernel.ErrConfig) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllWrongSettingsAreReportedAtOnce(t *testing.T) {
	cfg := load(t, "pyfly.logging: {format: xml, source: 7, level: {root: x, client: y}}\n")
	_, err := logging.New(&strings.Builder{}, cfg)
	if err == nil || strings.Count(err.Error(), "pyfly.yaml:1: ") != 4 {
		t.Error(err)
	}
}

func TestNothingToWriteToIsRefused(t *testing.T) {
	if _, err := logging.New(nil, config.New(nil)); err == nil {
		t.Error("no writer")
	}
	if _, err := logging.New(&strings.Builder{}, nil); err == nil {
		t.Error("no configuration")
	}
}

func TestTheKeysAreKnownAndNoOthers(t *testing.T) {
	t.Setenv("PYFLY_LOGGING_LEVEL_CLIENT", "debug")
	cfg := load(t, "pyfly.logging: {format: json, formatt: json, source: true, level: {root: warn, github.com/acme/shop: off}}\n")
	if err := logging.Check(cfg); err != nil {
		t.Fatal(err)
	}
	unknown := cfg.UnknownKeys("pyfly")
	if len(unknown) != 1 || unknown[0].Key != "pyfly.logging.formatt" || unknown[0].Nearest != "pyfly.logging.format" {
		t.Errorf("%+v", unknown)
	}
}

func TestVariablesSetLevels(t *testing.T) {
	t.Setenv("PYFLY_LOGGING_LEVEL_ROOT", "debug")
	t.Setenv("PYFLY_LOGGING_LEVEL_CLIENT", "error")
	t.Setenv("PYFLY_LOGGING_LEVEL_GITHUB_COM_ACME_SHOP", "trace")
	t.Setenv("PYFLY_LOGGING_LEVEL_ORDERS_STORE", "off")
	h := handlerOf(t, load(t, "pyfly.logging.level: {root: warn, client: info, github.com/acme/shop: info}\n"))
	for path, want := range map[string]slog.Level{
		"main": slog.LevelDebug, "x/client": slog.LevelError, "x/client/zstd": slog.LevelError,
		"github.com/acme/shop": logging.LevelTrace, "github.com/acme/shop/cart": logging.LevelTrace, "github.com/acme/shopper": slog.LevelDebug,
		"x/orders/store": logging.LevelOff, "x/orders-store": logging.LevelOff, "x/orders": slog.LevelDebug,
	} {
		if got := h.LevelOf(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestVariablesSetLevelsBelowThoseThatAreSet(t *testing.T) {
	for name, level := range map[string]string{"SHOP_ORDERS": "debug", "SHOP_ORDERS_STORE": "trace", "CLIENT": "warn", "CLIENT_ZSTD": "off"} {
		t.Setenv("PYFLY_LOGGING_LEVEL_"+name, level)
	}
	h := handlerOf(t, load(t, "pyfly.logging.level.shop: error\n"))
	for path, want := range map[string]slog.Level{
		"x/shop": slog.LevelError, "x/shop/orders": slog.LevelDebug, "x/shop/orders/store": logging.LevelTrace,
		"x/client": slog.LevelWarn, "x/client/zstd": logging.LevelOff,
	} {
		if got := h.LevelOf(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	t.Setenv("PYFLY_LOGGING_LEVEL_SHOP_ORDERS", "loud")
	err := logging.Check(load(t, "pyfly.logging.level.shop: error\n"))
	if err == nil || !strings.HasPrefix(err.Error(), `environment variable PYFLY_LOGGING_LEVEL_SHOP_ORDERS: pyfly.logging.level.shop.orders: "loud" is not allowed: `) {
		t.Error(err)
	}
}

func TestTheFormatIsTextOnATerminalOnly(t *testing.T) {
	for format, isText := range map[string]bool{"auto": false, "text": true, "json": false, "JSON": false} {
		if h, _ := newHandler(t, map[string]any{"format": format}); h.IsText() != isText {
			t.Errorf("%s: text: %t", format, h.IsText())
		}
	}
	for format, isText := range map[string]bool{"auto": true, "text": true, "json": false} {
		h, err := logging.New(&terminal{}, config.New(map[string]any{"pyfly.logging.format": format}))
		if err != nil || h.IsText() != isText {
			t.Errorf("%s on a terminal: %v", format, err)
		}
	}
}
