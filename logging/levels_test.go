// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"log/slog"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

func TestTheLongestMatchOfWholeSegmentsWins(t *testing.T) {
	set, err := readLevels(config.New(map[string]any{"pyfly.logging.level": map[string]any{
		"root": "warn", "client": "debug", "shop/orders": "error", "github.com/pyfly-go/pyfly": "info", "orders": "info+1",
		"yaml.v3": "off", "Stock_Keeping": "trace", "/edge/": "info+2", "main": "info+3",
	}}))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]slog.Level{
		"":                                   slog.LevelWarn,
		"main":                               slog.LevelInfo + 3,
		"net/http":                           slog.LevelWarn,
		"example.com/client":                 slog.LevelDebug,
		"example.com/client/deep/down":       slog.LevelDebug,
		"example.com/clients":                slog.LevelWarn,
		"example.com/httpclient":             slog.LevelWarn,
		"github.com/pyfly-go/pyfly":          slog.LevelInfo,
		"github.com/pyfly-go/pyfly/client":   slog.LevelInfo, // three segments beat one
		"github.com/pyfly-go/pyfly/x/y":      slog.LevelInfo,
		"github.com/pyfly-go/pyflyx":         slog.LevelWarn,
		"example.com/shop/orders":            slog.LevelError,
		"example.com/shop/orders/store":      slog.LevelError,
		"shop/orders":                        slog.LevelError,
		"example.com/shop/x/orders":          slog.LevelInfo + 1,
		"example.com/workshop/orders":        slog.LevelInfo + 1,
		"example.com/client/orders":          slog.LevelInfo + 1, // further to the right
		"example.com/orders/client":          slog.LevelDebug,
		"gopkg.in/yaml.v3":                   LevelOff,
		"gopkg.in/yaml":                      slog.LevelWarn,
		"example.com/stockkeeping":           LevelTrace,
		"example.com/stock-keeping/v2":       LevelTrace,
		"example.com/edge":                   slog.LevelInfo + 2,
		"client/orders/client/x/orders/tail": slog.LevelInfo + 1,
	} {
		if got := set.of(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if set.least != LevelTrace {
		t.Errorf("the least is %v", set.least)
	}
}

func TestAVariableWinsOverAFile(t *testing.T) {
	written, variable := newRule("shop/orders", false, slog.LevelInfo), newRule("shop-orders", true, slog.LevelDebug)
	for _, rules := range [][]rule{{written, variable}, {variable, written}} {
		set := &levels{rules: rules}
		if got := set.of("example.com/shop/orders"); got != slog.LevelDebug {
			t.Error(got)
		}
	}
}

func TestPathsInNamesOfFunctions(t *testing.T) {
	for function, want := range map[string]string{
		"main.main":                                   "main",
		"net/http.(*Server).Serve":                    "net/http",
		"gopkg.in/yaml%2ev3.(*Decoder).Decode":        "gopkg.in/yaml.v3",
		"github.com/acme/shop.Handle[...].func1":      "github.com/acme/shop",
		"github.com/acme/shop.Map[example.com/a/b.T]": "github.com/acme/shop",
		"github.com/acme/shop_test.TestX.func1.2":     "github.com/acme/shop_test",
		"example.com/a.b/c.init.0":                    "example.com/a.b/c",
		"":                                            "",
		"odd":                                         "odd",
		"example.com/50%zz.F":                         "example.com/50%zz",
		"github.com/acme/shop/v2.(*T[go.shape.int]).M": "github.com/acme/shop/v2",
	} {
		if got := packagePath(function); got != want {
			t.Errorf("%s is of %q, want %q", function, got, want)
		}
	}
}

func TestNamesOfLevels(t *testing.T) {
	for level, want := range map[slog.Level]string{
		LevelTrace: "TRACE", LevelTrace + 1: "TRACE+1", LevelTrace - 2: "TRACE-2", slog.LevelDebug: "DEBUG", slog.LevelInfo + 1: "INFO+1",
	} {
		if got := levelName(level); got != want {
			t.Errorf("%d is %s, want %s", level, got, want)
		}
	}
}
