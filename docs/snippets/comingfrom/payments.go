// SPDX-License-Identifier: Apache-2.0

// Package comingfrom holds the snippets of docs/coming-from.md.
package comingfrom

import (
	"context"
	"errors"
	"log/slog"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type (
	Payment struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	NewPayment struct {
		OrderID string `json:"orderId"`
	}
	PaymentCaptured struct{ ID string }
)

type PaymentClient struct {
	client.ServiceClient `url:"http://payment-service:8080" retry:"3" failure-threshold:"5"`

	Get     func(ctx context.Context, id string) (Payment, error)       `get:"/payments/{id}"`
	Find    func(ctx context.Context, state string) ([]Payment, error)  `get:"/payments{?state}"`
	Capture func(ctx context.Context, body NewPayment) (Payment, error) `post:"/payments"`
}

type CheckoutProperties struct {
	Currency string `koanf:"currency" default:"EUR"`
}

type Checkout struct {
	payments *PaymentClient
	settings CheckoutProperties
	events   *lifecycle.Events
}

func NewCheckout(payments *PaymentClient, settings CheckoutProperties, events *lifecycle.Events) *Checkout {
	return &Checkout{payments, settings, events}
}

func (c *Checkout) PostConstruct(ctx context.Context) error {
	slog.InfoContext(ctx, "checkout", "currency", c.settings.Currency)
	return nil
}

var (
	ErrNoPayment = errors.New("there is no such payment")
	ErrLater     = errors.New("payments are down, try later")
)

func (c *Checkout) State(ctx context.Context, id string) (string, error) {
	payment, err := c.payments.Get(ctx, id)
	switch {
	case errors.Is(err, client.ErrNotFound):
		return "", ErrNoPayment
	case errors.Is(err, kernel.ErrCircuitOpen):
		return "", ErrLater
	}
	return payment.State, err
}

func (c *Checkout) Pay(ctx context.Context, orderID string) error {
	payment, err := c.payments.Capture(ctx, NewPayment{OrderID: orderID})
	if err == nil {
		lifecycle.Publish(c.events, PaymentCaptured{payment.ID})
	}
	return err
}

// CheckoutModule registers what a checkout needs.
func CheckoutModule() container.Module {
	return container.Module{Name: "checkout", Configure: func(app *container.ApplicationContext) {
		client.Register[PaymentClient](app)
		container.Properties[CheckoutProperties](app, "checkout")
		app.Register(NewCheckout, container.Stereotype("service"))
	}}
}
