// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"context"
	"fmt"
	"strconv"
)

// CatalogProperties are the settings below "catalog".
type CatalogProperties struct {
	PageSize int `koanf:"page-size" default:"10"`
}

// CatalogService shows and sells products. Its clients are structs of
// functions, so a test can pass struct literals.
type CatalogService struct {
	inventory  *InventoryClient
	payments   *PaymentClient
	properties *CatalogProperties
}

// NewCatalogService is the constructor that the application context calls.
func NewCatalogService(inventory *InventoryClient, payments *PaymentClient, properties *CatalogProperties) *CatalogService {
	return &CatalogService{inventory, payments, properties}
}

// Page is one page of a category.
type Page struct {
	Products []Product
	Total    int // in the whole category
}

// Page returns the first page of the products in stock of a category.
func (s *CatalogService) Page(ctx context.Context, category string) (Page, error) {
	answer, err := s.inventory.SearchProducts(ctx, category, true, 1, s.properties.PageSize)
	if err != nil {
		return Page{}, fmt.Errorf("showing the category %s: %w", category, err)
	}
	total, err := strconv.Atoi(answer.Header.Get("X-Total-Count"))
	if err != nil {
		return Page{}, fmt.Errorf("the service does not say how many products there are: %w", err)
	}
	return Page{answer.Body, total}, nil
}

// Buy charges an order of one product.
func (s *CatalogService) Buy(ctx context.Context, orderID string, p Product) (Payment, error) {
	return s.payments.Charge(ctx, Payment{OrderID: orderID, AmountCents: p.PriceCents, Currency: p.Currency})
}
