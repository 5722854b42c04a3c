// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/logging"
)

// withoutTime writes lines of text to standard output, but the time in them.
type withoutTime struct{}

func (withoutTime) Write(line []byte) (int, error) {
	_, rest, _ := strings.Cut(string(line), " ")
	_, err := os.Stdout.WriteString(rest)
	return len(line), err
}

func Example() {
	cfg := config.New(map[string]any{
		"pyfly.logging.format":               "text",
		"pyfly.logging.level.root":           "warn",
		"pyfly.logging.level.pyfly/logging":  "info",
		"pyfly.logging.level.logging_test":   "debug",
		"pyfly.logging.level.acme/shop/cart": "off",
	})
	handler, err := logging.New(withoutTime{}, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	logger := slog.New(handler)
	logger.Debug("connecting", "url", "postgres://shop:hunter2@db/shop", "password", "hunter2")
	fmt.Println(handler.LevelOf("github.com/acme/shop"))
	// Output:
	// level=DEBUG msg=connecting url=postgres://******@db/shop password=******
	// WARN
}

func ExampleHandler_Apply() {
	handler, err := logging.New(withoutTime{}, config.New(map[string]any{"pyfly.logging.format": "text"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	logger := slog.New(handler)
	logger.Debug("not logged")

	err = handler.Apply(config.New(map[string]any{"pyfly.logging.level.root": "debug"}))
	logger.Debug("logged", "error", err)
	// Output:
	// level=DEBUG msg=logged error=<nil>
}

func ExampleCheck() {
	err := logging.Check(config.New(map[string]any{"pyfly.logging.level.client": "verbose"}))
	fmt.Println(err)
	// Output:
	// code: pyfly.logging.level.client: "verbose" is not allowed: write trace, debug, info, warn, error or off, or a step from one of them such as info+2
}
