// SPDX-License-Identifier: Apache-2.0

// Package shop holds the snippets of docs/testing.md.
package shop

import (
	"context"
	"errors"

	"github.com/pyfly-go/pyfly/client"
)

type Product struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type InventoryClient struct {
	client.ServiceClient `url:"http://inventory-service:8080"`

	GetProduct func(ctx context.Context, productID string) (Product, error) `get:"/products/{product_id}"`
}

var ErrSoldOut = errors.New("sold out")

type Service struct{ inventory *InventoryClient }

func NewService(inventory *InventoryClient) *Service { return &Service{inventory} }

func (s *Service) Name(ctx context.Context, id string) (string, error) {
	product, err := s.inventory.GetProduct(ctx, id)
	if errors.Is(err, client.ErrNotFound) {
		return "", ErrSoldOut
	}
	return product.Name, err
}
