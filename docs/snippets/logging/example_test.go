// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
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

func text() *slog.Logger {
	handler, err := logging.New(withoutTime{}, config.New(map[string]any{"pyfly.logging.format": "text"}))
	if err != nil {
		panic(err)
	}
	return slog.New(handler)
}

type Login struct{ User, Password string }

func Example_secrets() {
	log := text()
	log.Info("asking https://ada:hunter2@shop.example", "url", "https://shop.example/orders?page=2&token=abc")
	log.Info("signing in", "user", "ada", "password", "hunter2", "login", Login{"ada", "hunter2"})
	log.Info("sending", "header", http.Header{"Authorization": {"Bearer abc"}, "Accept": {"text/plain"}})
	// Output:
	// level=INFO msg="asking https://******@shop.example" url="https://shop.example/orders?page=2&token=******"
	// level=INFO msg="signing in" user=ada password=****** login="{\"User\":\"ada\",\"Password\":\"******\"}"
	// level=INFO msg=sending header="map[Accept:[text/plain] Authorization:[******]]"
}

func Example_wrongLevel() {
	cfg, err := config.Load(config.File(filepath.Join("testdata", "wrong.yaml")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.ReplaceAll(logging.Check(cfg).Error(), "testdata"+string(filepath.Separator), ""))
	// Output:
	// wrong.yaml:4: pyfly.logging.level.client: "verbose" is not allowed: write trace, debug, info, warn, error or off, or a step from one of them such as info+2
}
