// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/examples/catalog/shop"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Storefront is the part of the shop that customers use.
type Storefront struct {
	catalog *shop.CatalogService
	prices  *PriceClient
	search  *SearchClient
	sales   *Sales
}

// NewStorefront is the constructor that the application context calls.
func NewStorefront(catalog *shop.CatalogService, prices *PriceClient, search *SearchClient, sales *Sales) *Storefront {
	return &Storefront{catalog, prices, search, sales}
}

// Look requests the price of a product.
func (s *Storefront) Look(ctx context.Context, productID string) error {
	_, err := s.prices.GetPrice(ctx, productID)
	return err
}

// Find searches a category.
func (s *Storefront) Find(ctx context.Context, category string) error {
	_, err := s.search.Search(ctx, category)
	return err
}

// Browse shows a page of a category.
func (s *Storefront) Browse(ctx context.Context, category string) error {
	_, err := s.catalog.Page(ctx, category)
	return err
}

// Buy orders a bow rake.
func (s *Storefront) Buy(ctx context.Context, orderID string) error {
	_, err := s.catalog.Buy(ctx, orderID, shop.Product{PriceCents: 2490, Currency: "EUR"})
	s.sales.note(err)
	return err
}

// Sales counts sold and lost orders and reports the health of the shop.
type Sales struct {
	sold atomic.Int64
	lost atomic.Int64 // since the last order that was paid
}

// lostForDegraded is the number of consecutive lost orders from which the shop
// is degraded.
const lostForDegraded = 5

func (s *Sales) note(err error) {
	if err != nil {
		s.lost.Add(1)
		return
	}
	s.sold.Add(1)
	s.lost.Store(0)
}

// Health implements [lifecycle.HealthIndicator]. A shop that does not sell can
// still be visited: it is degraded, not down.
func (s *Sales) Health(context.Context) lifecycle.Health {
	lost := s.lost.Load()
	health := lifecycle.Health{Status: lifecycle.HealthUp, Details: map[string]any{"sold": s.sold.Load()}}
	if lost >= lostForDegraded {
		health.Status = lifecycle.HealthDegraded
		health.Details["reason"] = fmt.Sprintf("the last %d orders were not paid", lost)
	}
	return health
}
