// SPDX-License-Identifier: Apache-2.0

// Package shop is the application of the catalog example: the declarations of
// its clients, and a service that uses them.
package shop

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
)

// Product is an article of the catalog.
type Product struct {
	ID         string   `json:"id,omitempty"`
	Name       string   `json:"name"`
	Category   string   `json:"category"`
	Desc       string   `json:"description,omitempty"`
	PriceCents int      `json:"price_cents"`
	Currency   string   `json:"currency"`
	InStock    bool     `json:"in_stock"`
	Quantity   int      `json:"quantity"`
	Rating     float64  `json:"rating"`
	Tags       []string `json:"tags,omitempty"`
}

// InventoryClient is a plain client: no retry, no circuit breaker.
type InventoryClient struct {
	client.HttpClient

	GetProduct     func(ctx context.Context, productID string) (Product, error)                                                 `get:"/products/{product_id}"`
	SearchProducts func(ctx context.Context, category string, inStock bool, page, size int) (client.Response[[]Product], error) `get:"/products{?category,in_stock,page,size}"`
	CreateProduct  func(ctx context.Context, body Product) (Product, error)                                                     `post:"/products"`
	UpdateProduct  func(ctx context.Context, productID string, body Product) (Product, error)                                   `put:"/products/{product_id}"`
	DeleteProduct  func(ctx context.Context, productID string) error                                                            `delete:"/products/{product_id}"`
}

// Payment is a charge of an order.
type Payment struct {
	ID          string `json:"id,omitempty"`
	OrderID     string `json:"order_id"`
	AmountCents int    `json:"amount_cents"`
	Currency    string `json:"currency"`
	Status      string `json:"status,omitempty"`
}

// PaymentClient is guarded by retry and circuit breaker. Charge is declared
// idempotent: all attempts of a call carry one Idempotency-Key, so that the
// service charges once.
type PaymentClient struct {
	client.ServiceClient `retry:"3" circuit-breaker:"true" failure-threshold:"5" recovery-timeout:"2s" retry-base-delay:"100ms"`

	Charge     func(ctx context.Context, body Payment) (Payment, error)     `post:"/payments" idempotent:"true"`
	GetPayment func(ctx context.Context, paymentID string) (Payment, error) `get:"/payments/{payment_id}"`
}

// Fault configures how the service misbehaves.
type Fault struct {
	Mode       string `json:"mode"`
	Status     int    `json:"status,omitempty"`
	PathPrefix string `json:"path_prefix,omitempty"`
}

// FaultClient controls the faults of the service.
type FaultClient struct {
	client.HttpClient

	Set   func(ctx context.Context, fault Fault) error `put:"/faults"`
	Clear func(ctx context.Context) error              `delete:"/faults"`
}
