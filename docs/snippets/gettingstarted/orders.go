// SPDX-License-Identifier: Apache-2.0

// Package main holds the program of docs/getting-started.md.
package main

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client"
)

type Product struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Cents int    `json:"cents"`
}

type CatalogClient struct {
	client.HttpClient

	GetProduct func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
}

type StockClient struct {
	client.HttpClient

	Count func(ctx context.Context, id string) (int, error) `get:"/stock/{id}"`
}

type Offers struct {
	catalog *CatalogClient
	stock   *StockClient
}

func NewOffers(catalog *CatalogClient, stock *StockClient) *Offers {
	return &Offers{catalog, stock}
}

func (o *Offers) Describe(ctx context.Context, id string) (string, error) {
	product, err := o.catalog.GetProduct(ctx, id)
	if err != nil {
		return "", err
	}
	count, err := o.stock.Count(ctx, id)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %d cents, %d in stock", product.Name, product.Cents, count), nil
}
