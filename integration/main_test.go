// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts an application whose one bean is a client of server, with the
// settings of a pyfly.yaml, and returns the client.
func start[T any](t *testing.T, server *httpbinServer, yaml string) *T {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pyfly.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.File(file), config.Map(map[string]any{"httpbin.host": server.Listener.Addr().String()}))
	if err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext(
		container.WithConfig(cfg), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[T](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return container.Must(container.Get[*T](app))
}
