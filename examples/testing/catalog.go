// SPDX-License-Identifier: Apache-2.0

// Package catalog is a service that calls another one, with three ways to test
// it without a network:
//
//   - literal_test.go: the client is a struct literal with the functions that
//     the test needs;
//   - port_test.go: the whole application context runs over clienttest.NewPort,
//     which records requests and sends configured responses;
//   - mock_test.go: a testify mock replaces the port.
package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/client"
)

// Product is an article of the inventory.
type Product struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
}

// InventoryClient is the declared client of the inventory service.
type InventoryClient struct {
	client.ServiceClient `url:"http://inventory-service:8080" retry:"3" retry-base-delay:"1s"`

	GetProduct    func(ctx context.Context, productID string) (Product, error) `get:"/products/{product_id}"`
	CreateProduct func(ctx context.Context, body Product) (Product, error)     `post:"/products"`
}

// Service sells products.
type Service struct {
	inventory *InventoryClient
}

// NewService is the constructor that an application context calls.
func NewService(inventory *InventoryClient) *Service { return &Service{inventory} }

// ErrSoldOut means that a product no longer exists.
var ErrSoldOut = errors.New("sold out")

// Quote returns the price of a product.
func (s *Service) Quote(ctx context.Context, productID string) (string, error) {
	p, err := s.inventory.GetProduct(ctx, productID)
	switch {
	case errors.Is(err, client.ErrNotFound):
		return "", fmt.Errorf("%s: %w", productID, ErrSoldOut)
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("%s: %d.%02d EUR", p.Name, p.PriceCents/100, p.PriceCents%100), nil
}
