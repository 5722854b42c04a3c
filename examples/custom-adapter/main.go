// SPDX-License-Identifier: Apache-2.0

// A declared client on another HTTP library: an HttpClientPort backed by resty,
// brought in by one factory. It runs against the service of the catalog example.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

// Product is what this example reads of a product.
type Product struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
}

// InventoryClient is declared as any other; nothing in it knows of resty.
type InventoryClient struct {
	client.ServiceClient `retry:"2" retry-base-delay:"50ms"`

	GetProduct func(ctx context.Context, productID string) (Product, error)            `get:"/products/{product_id}"`
	Search     func(ctx context.Context, category string, size int) ([]Product, error) `get:"/products{?category,size}"`
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	service := server.New()
	if err := service.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Stop(context.WithoutCancel(ctx))) }()

	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{
			"pyfly.client.services.inventory-client.base-url": service.URL(),
		})))
	app.Install(client.Module(client.WithFactory(newAdapter)))
	client.Register[InventoryClient](app)
	if err := app.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Stop(context.WithoutCancel(ctx))) }()

	inventory := container.Must(container.Get[*InventoryClient](app))
	products, err := inventory.Search(ctx, "books", 3)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "by resty, through HttpClientPort:")
	for _, p := range products {
		fmt.Fprintf(out, "  %s  %-28s %d.%02d EUR\n", p.ID, p.Name, p.PriceCents/100, p.PriceCents%100)
	}
	_, err = inventory.GetProduct(ctx, "p-0")
	if !errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("a product that does not exist: %w", err)
	}
	fmt.Fprintln(out, "and with the same errors:", errors.Is(err, client.ErrNotFound))
	return nil
}
