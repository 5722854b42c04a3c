// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/examples/catalog/shop"
)

// Price is the price of a product.
type Price struct {
	PriceCents int    `json:"price_cents"`
	Currency   string `json:"currency"`
}

// PriceClient is hedged: if a response is slow, a second request is sent, and
// the first response is used. Its circuit opens if too many responses are slow.
type PriceClient struct {
	client.ServiceClient

	GetPrice func(ctx context.Context, productID string) (Price, error) `get:"/products/{product_id}"`
}

// SearchClient has a bulkhead, and returns the last good response if there is
// no new one.
type SearchClient struct {
	client.HttpClient

	Search func(ctx context.Context, category string) ([]shop.Product, error) `get:"/products{?category}"`
}
