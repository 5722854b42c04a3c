// SPDX-License-Identifier: Apache-2.0

// Package client turns a declared HTTP client into a typed, resilient one. A
// client is a struct of functions with tags:
//
//	type InventoryClient struct {
//		client.HttpClient `url:"http://inventory-service:8080"`
//
//		GetProduct    func(ctx context.Context, productID string) (Product, error)          `get:"/products/{product_id}"`
//		CreateProduct func(ctx context.Context, body NewProduct) (Product, error)           `post:"/products"`
//	}
//
// Register it with an application context that has [Module] installed, and
// [HttpClientBeanPostProcessor] fills every function with an implementation:
//
//	app := container.NewApplicationContext()
//	app.Install(client.Module())
//	client.Register[InventoryClient](app)
//	app.Register(NewCatalogService) // func(*InventoryClient) *CatalogService
//
// A [ServiceClient] is guarded by retry and circuit breaker; both are tuned in
// pyfly.yaml, for all clients, for one, or for one method of it.
//
// The way of a call through the package's files: declaration.go (what the user
// wrote), template.go (path and query), operation.go (a method, compiled),
// engine.go (runs it), package port and its default adapter in internal/nethttp
// (leave the process), decode.go and errors.go (come back). Beside them settings.go
// (pyfly.yaml), postprocessor.go and module.go (the application context).
package client
