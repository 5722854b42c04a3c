// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"
)

func TestOffersDescribesAProduct(t *testing.T) {
	offers := NewOffers(
		&CatalogClient{GetProduct: func(ctx context.Context, id string) (Product, error) {
			return Product{ID: id, Name: "Cedar Bird House", Cents: 4200}, nil
		}},
		&StockClient{Count: func(ctx context.Context, id string) (int, error) { return 3, nil }},
	)
	text, err := offers.Describe(t.Context(), "42")
	if err != nil || text != "Cedar Bird House: 4200 cents, 3 in stock" {
		t.Errorf("%q, %v", text, err)
	}
}
