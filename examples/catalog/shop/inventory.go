// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
)

//go:generate go run github.com/pyfly-go/pyfly/cmd/pyfly generate

// Inventory is InventoryClient as an interface: the parameters say by their names
// where they go. Its implementation is generated.
//
//pyfly:http-client
type Inventory interface {
	//pyfly:get /products/{product_id}
	GetProduct(ctx context.Context, productID string) (Product, error)

	//pyfly:get /products
	SearchProducts(ctx context.Context, category string, inStock bool, page, size int) (client.Response[[]Product], error)

	//pyfly:post /products
	CreateProduct(ctx context.Context, body Product) (Product, error)

	//pyfly:put /products/{product_id}
	UpdateProduct(ctx context.Context, productID string, body Product) (Product, error)

	//pyfly:delete /products/{product_id}
	DeleteProduct(ctx context.Context, productID string) error
}
