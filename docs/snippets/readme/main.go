// SPDX-License-Identifier: Apache-2.0

// Package main holds the snippets of README.md.
package main

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type InventoryClient struct {
	client.HttpClient `url:"http://inventory-service:8080"`

	GetProduct    func(ctx context.Context, productID string) (Product, error)                `get:"/products/{product_id}"`
	Search        func(ctx context.Context, category string, inStock bool) ([]Product, error) `get:"/products{?category,in_stock}"`
	CreateProduct func(ctx context.Context, body NewProduct) (Product, error)                 `post:"/products"`
	DeleteProduct func(ctx context.Context, productID string) error                           `delete:"/products/{product_id}"`
}

type (
	Product        struct{ ID, Name string }
	NewProduct     struct{ Name string }
	CatalogService struct{ inventory *InventoryClient }
)

func NewCatalogService(inventory *InventoryClient) *CatalogService {
	return &CatalogService{inventory}
}

func main() {
	app := container.NewApplicationContext() // reads pyfly.yaml if it exists
	app.Install(client.Module())             // installs HttpClientBeanPostProcessor
	client.Register[InventoryClient](app)    // a declared client is a singleton bean
	app.Register(NewCatalogService)          // func(*InventoryClient) *CatalogService
	container.Exit(app.Run(context.Background()))
}
