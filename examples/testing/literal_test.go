// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	catalog "github.com/pyfly-go/pyfly/examples/testing"
)

// rake is a client that knows one product.
func rake() *catalog.InventoryClient {
	return &catalog.InventoryClient{
		GetProduct: func(_ context.Context, id string) (catalog.Product, error) {
			if id != "p-1" {
				return catalog.Product{}, client.ErrNotFound
			}
			return catalog.Product{ID: id, Name: "Bow Rake", PriceCents: 2490}, nil
		},
	}
}

func TestWithAStructLiteral(t *testing.T) {
	service := catalog.NewService(rake())

	if quote, err := service.Quote(t.Context(), "p-1"); err != nil || quote != "Bow Rake: 24.90 EUR" {
		t.Errorf("got %q, %v", quote, err)
	}
	if _, err := service.Quote(t.Context(), "p-2"); !errors.Is(err, catalog.ErrSoldOut) {
		t.Errorf("got %v", err)
	}
}

// TestWithAStructLiteralInTheContext swaps the client in an application as it
// is registered for production.
func TestWithAStructLiteralInTheContext(t *testing.T) {
	app := application()
	app.Override(rake)
	service := started(t, app)
	if quote, err := service.Quote(t.Context(), "p-1"); err != nil || quote != "Bow Rake: 24.90 EUR" {
		t.Errorf("got %q, %v", quote, err)
	}
}

// application registers what main would.
func application(opts ...client.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(
		container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(opts...))
	client.Register[catalog.InventoryClient](app)
	app.Register(catalog.NewService)
	return app
}

// started starts an application for the time of a test.
func started(t *testing.T, app *container.ApplicationContext) *catalog.Service {
	t.Helper()
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return container.Must(container.Get[*catalog.Service](app))
}
