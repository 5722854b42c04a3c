// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

// Product is an article of the inventory.
type Product struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name"`
	Category   string `json:"category"`
	PriceCents int    `json:"price_cents"`
	Currency   string `json:"currency"`
}

// InventoryClient does not depend on the library that sends its requests.
type InventoryClient struct {
	client.ServiceClient `url:"${inventory.url}" retry:"3" retry-base-delay:"50ms"`

	GetProduct    func(ctx context.Context, productID string) (Product, error)                             `get:"/products/{product_id}"`
	Search        func(ctx context.Context, category string, size int) (client.Response[[]Product], error) `get:"/products{?category,size}"`
	CreateProduct func(ctx context.Context, body Product) (Product, error)                                 `post:"/products"`
	DeleteProduct func(ctx context.Context, productID string) error                                        `delete:"/products/{product_id}"`
}

type demo struct {
	out       io.Writer
	begun     time.Time
	service   *server.Server
	inventory *InventoryClient
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%.3fs  %s\n", time.Since(d.begun).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) run(ctx context.Context) error {
	for _, show := range []func(context.Context) error{d.search, d.createAndDelete, d.retry, d.giveUp} {
		if err := show(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) search(ctx context.Context) error {
	found, err := d.inventory.Search(ctx, "garden", 3)
	if err != nil {
		return err
	}
	d.say("%d of %s products in garden:", len(found.Body), found.Header.Get("X-Total-Count"))
	for _, p := range found.Body {
		d.say("    %s  %s", p.ID, p.Name)
	}
	return nil
}

func (d *demo) createAndDelete(ctx context.Context) error {
	created, err := d.inventory.CreateProduct(ctx, Product{Name: "Cedar Bird House", Category: "garden", PriceCents: 3490, Currency: "EUR"})
	if err != nil {
		return err
	}
	d.say("created %s %s", created.ID, created.Name)
	if err := d.inventory.DeleteProduct(ctx, created.ID); err != nil {
		return err
	}
	_, err = d.inventory.GetProduct(ctx, created.ID)
	if !errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("a deleted product is still there: %v", err)
	}
	d.say("deleted it: %v", err)
	return nil
}

// retry shows that the policies work as with any other port.
func (d *demo) retry(ctx context.Context) error {
	before := d.service.Requests()["GET /products/{id}"]
	if err := d.service.SetFault(server.Fault{Mode: server.ModeDrop, Count: 2}); err != nil {
		return err
	}
	p, err := d.inventory.GetProduct(ctx, "p-1029")
	if err != nil {
		return err
	}
	requests := d.service.Requests()["GET /products/{id}"] - before
	d.say("the service dropped the connection twice: %s came with request %d", p.ID, requests)
	return nil
}

// giveUp shows that a caller can cancel a call.
func (d *demo) giveUp(ctx context.Context) error {
	if err := d.service.SetFault(server.Fault{Mode: server.ModeSlow, Delay: "5s", Count: 1}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := d.inventory.GetProduct(ctx, "p-1029")
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a call beyond its deadline ended with %v", err)
	}
	d.say("the service was slow: given up after %s", time.Since(begun).Round(10*time.Millisecond))
	return nil
}
