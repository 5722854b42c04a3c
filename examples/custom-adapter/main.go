// SPDX-License-Identifier: Apache-2.0

// The custom-adapter example: declared clients send their requests through
// another HTTP library than net/http, here fasthttp. This needs a
// client.HttpClientPort (adapter.go) and one line where the application is
// configured.
//
//	cd examples/custom-adapter && go run .
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	release()
	container.Exit(err) // prints the report when the context does not start
}

// run starts the catalog's service and calls it.
func run(ctx context.Context, out io.Writer) (err error) {
	service := server.New()
	if err := service.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Stop(context.WithoutCancel(ctx))) }()

	app := newApplication(service.URL())
	if err := app.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Stop(context.WithoutCancel(ctx))) }()
	inventory, err := container.Get[*InventoryClient](app)
	if err != nil {
		return err
	}
	d := &demo{out: out, begun: time.Now(), service: service, inventory: inventory}
	return d.run(ctx)
}

// newApplication configures the client module to create its ports with
// fasthttp.
func newApplication(serviceURL string) *container.ApplicationContext {
	app := container.NewApplicationContext(
		container.WithConfig(config.New(map[string]any{"inventory.url": serviceURL})),
		container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(newFasthttpAdapter)))
	client.Register[InventoryClient](app)
	return app
}
