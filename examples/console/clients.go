// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/examples/catalog/shop"
)

// Price is what a product costs.
type Price struct {
	PriceCents int    `json:"price_cents"`
	Currency   string `json:"currency"`
}

// PriceClient is hedged: a price that takes long is asked for a second time, and
// the answer that comes first counts. Its circuit opens when too many answers are
// slow.
type PriceClient struct {
	client.ServiceClient

	GetPrice func(ctx context.Context, productID string) (Price, error) `get:"/products/{product_id}"`
}

// SearchClient has a bulkhead, and gives the last good answer when there is no
// new one.
type SearchClient struct {
	client.HttpClient

	Search func(ctx context.Context, category string) ([]shop.Product, error) `get:"/products{?category}"`
}
