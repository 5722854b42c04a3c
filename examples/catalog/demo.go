// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/shop"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// demo is the demo of `make demo`. Each step checks what it shows.
type demo struct {
	*console
	app       *container.ApplicationContext
	inventory *shop.InventoryClient
	payments  *shop.PaymentClient
	catalog   *shop.CatalogService
	faults    *shop.FaultClient
}

func newDemo(c *console, app *container.ApplicationContext) *demo {
	return &demo{
		console: c, app: app,
		inventory: container.Must(container.Get[*shop.InventoryClient](app)),
		payments:  container.Must(container.Get[*shop.PaymentClient](app)),
		catalog:   container.Must(container.Get[*shop.CatalogService](app)),
		faults:    container.Must(container.Get[*shop.FaultClient](app)),
	}
}

func (d *demo) run(ctx context.Context) error {
	d.showBeans()
	for _, step := range []func(context.Context) error{
		d.showPage, d.changeProducts, d.pay, d.failAndOpen, d.rejectFast, d.recover,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) showBeans() {
	d.title("Beans, in start order")
	for _, b := range d.app.Beans() {
		needs := ""
		if len(b.Dependencies) > 0 {
			needs = "needs " + strings.Join(b.Dependencies, ", ")
		}
		line := fmt.Sprintf("%-28s %-14s %8s  %s", b.Name, b.Stereotype, b.Took.Round(time.Microsecond), needs)
		d.line("%s", strings.TrimRight(line, " "))
	}
}

func (d *demo) showPage(ctx context.Context) error {
	d.title("A page of the catalog")
	page, err := d.catalog.Page(ctx, "garden")
	if err != nil {
		return err
	}
	if len(page.Products) == 0 || page.Total < len(page.Products) {
		return fmt.Errorf("the page has %d products of %d", len(page.Products), page.Total)
	}
	for _, p := range page.Products {
		d.line("%-8s %-44s %9s  %.1f/5", p.ID, p.Name, price(p), p.Rating)
	}
	d.line("%d of %d products in stock in garden", len(page.Products), page.Total)
	return nil
}

func (d *demo) changeProducts(ctx context.Context) error {
	d.title("A product is created, changed and deleted")
	created, err := d.inventory.CreateProduct(ctx, shop.Product{
		Name: fmt.Sprintf("Cedar Bird House No. %d", time.Now().UnixMilli()%1000), Category: "garden",
		Desc: "A nesting box of untreated cedar.", PriceCents: 3490, Currency: "EUR", InStock: true, Quantity: 12,
	})
	if err != nil {
		return fmt.Errorf("creating a product: %w", err)
	}
	d.line("created  %s  %s at %s", created.ID, created.Name, price(created))

	created.PriceCents = 2990
	changed, err := d.inventory.UpdateProduct(ctx, created.ID, created)
	if err != nil {
		return fmt.Errorf("changing a product: %w", err)
	}
	if changed.PriceCents != 2990 {
		return fmt.Errorf("the change was not taken: %+v", changed)
	}
	d.line("changed  %s  now at %s", changed.ID, price(changed))

	if err := d.inventory.DeleteProduct(ctx, created.ID); err != nil {
		return fmt.Errorf("deleting a product: %w", err)
	}
	_, err = d.inventory.GetProduct(ctx, created.ID)
	if !errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("the deleted product is still there: %w", err)
	}
	d.line("deleted  %s", created.ID)
	d.line("         %v", err)
	return nil
}

func (d *demo) pay(ctx context.Context) error {
	d.title("A payment")
	payment, err := d.charge(ctx, "order-1")
	if err != nil {
		return err
	}
	again, err := d.payments.GetPayment(ctx, payment.ID)
	if err != nil {
		return err
	}
	d.line("payment %s of order-1 is %s", again.ID, again.Status)
	return nil
}

func (d *demo) charge(ctx context.Context, order string) (shop.Payment, error) {
	return d.catalog.Buy(ctx, order, shop.Product{PriceCents: 2990, Currency: "EUR"})
}

// failAndOpen makes the payment service fail until its circuit opens.
func (d *demo) failAndOpen(ctx context.Context) error {
	threshold := client.Describe[shop.PaymentClient]().Resilience.FailureThreshold
	d.title("The payment service fails: retries, then the circuit opens after %d failures in a row", threshold)
	if err := d.faults.Set(ctx, shop.Fault{Mode: "fail", Status: 503, PathPrefix: "/payments"}); err != nil {
		return fmt.Errorf("the service cannot be made to fail: %w", err)
	}
	for i := 2; d.payments.CircuitBreaker().State() == resilience.StateClosed; i++ {
		if i > 20 {
			return errors.New("the circuit does not open")
		}
		order := fmt.Sprintf("order-%d", i)
		begun := time.Now()
		_, err := d.charge(ctx, order)
		if !errors.Is(err, client.ErrUnavailable) && !errors.Is(err, kernel.ErrCircuitOpen) {
			return fmt.Errorf("%s should have failed with 503: %w", order, err)
		}
		var e *client.Error
		errors.As(err, &e)
		d.line("%s failed after %d attempts in %s: %s", order, e.Attempts, time.Since(begun).Round(time.Millisecond), reason(e))
	}
	return nil
}

func reason(e *client.Error) string {
	if errors.Is(e, kernel.ErrCircuitOpen) {
		return e.Err.Error()
	}
	return fmt.Sprintf("status %d", e.Status)
}

// rejectFast shows that calls are rejected quickly while the circuit is open.
func (d *demo) rejectFast(ctx context.Context) error {
	d.title("Calls are rejected while the circuit is open")
	for range 3 {
		begun := time.Now()
		_, err := d.charge(ctx, "order-x")
		took := time.Since(begun)
		var refusal *client.CircuitBreakerError
		if !errors.As(err, &refusal) {
			return fmt.Errorf("the open circuit let a call through: %w", err)
		}
		if took > 50*time.Millisecond {
			return fmt.Errorf("rejecting a call took %s", took)
		}
		d.line("rejected in %s: %v", took.Round(100*time.Nanosecond), refusal)
	}
	return nil
}

// recover repairs the service and waits for the probe that closes the circuit.
func (d *demo) recover(ctx context.Context) error {
	d.title("The service recovers: a probe closes the circuit")
	if err := d.faults.Clear(ctx); err != nil {
		return fmt.Errorf("the service cannot be mended: %w", err)
	}
	_, err := d.charge(ctx, "order-x")
	var refusal *client.CircuitBreakerError
	if !errors.As(err, &refusal) {
		return fmt.Errorf("the open circuit let a call through: %w", err)
	}
	d.line("waiting %s for the recovery timeout", refusal.RetryAfter().Round(time.Millisecond))
	select {
	case <-time.After(refusal.RetryAfter()):
	case <-ctx.Done():
		return ctx.Err()
	}
	payment, err := d.charge(ctx, "order-99")
	if err != nil {
		return fmt.Errorf("the probe failed: %w", err)
	}
	if state := d.payments.CircuitBreaker().State(); state != resilience.StateClosed {
		return fmt.Errorf("the circuit is %v after a probe that succeeded", state)
	}
	d.line("payment %s of order-99 is %s", payment.ID, payment.Status)
	return nil
}

func price(p shop.Product) string {
	return fmt.Sprintf("%d.%02d %s", p.PriceCents/100, p.PriceCents%100, p.Currency)
}
