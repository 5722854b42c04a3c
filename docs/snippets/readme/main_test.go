// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"
)

func TestAStructLiteralIsAFake(t *testing.T) {
	service := NewCatalogService(&InventoryClient{
		GetProduct: func(ctx context.Context, id string) (Product, error) {
			return Product{ID: id, Name: "Cedar Bird House"}, nil
		},
	})
	if p, err := service.inventory.GetProduct(t.Context(), "1"); err != nil || p.Name != "Cedar Bird House" {
		t.Errorf("%+v, %v", p, err)
	}
}
