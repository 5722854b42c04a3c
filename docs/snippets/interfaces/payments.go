// SPDX-License-Identifier: Apache-2.0

// Package interfaces holds the snippets of docs/interfaces.md.
package interfaces

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type (
	Payment    struct{ ID, State string }
	NewPayment struct{ Cents int }
)

//go:generate go tool pyfly generate

//pyfly:service-client url:"http://payment-service:8080" retry:"3"
type PaymentClient interface {
	// GetPayment returns one payment.
	//
	//pyfly:get /payments/{payment_id}
	GetPayment(ctx context.Context, paymentID string) (Payment, error)

	//pyfly:get /payments
	FindPayments(ctx context.Context, state string, page *int) ([]Payment, error)

	//pyfly:post /payments idempotent:"true"
	CreatePayment(ctx context.Context, body NewPayment) (Payment, error)
}

//pyfly:http-client url:"http://item-service:8080"
type ItemClient[T any] interface {
	//pyfly:get /items query:"inStock,X-From=from"
	FindItems(ctx context.Context, inStock bool, from string) ([]T, error)
}

func register(app *container.ApplicationContext) {
	app.Install(client.Module())
	RegisterPaymentClient(app)
	RegisterItemClient[Payment](app)
	app.Register(NewBilling)
}

type Billing struct{ payments PaymentClient }

func NewBilling(payments PaymentClient) *Billing { return &Billing{payments} }

func registerWithFallback(app *container.ApplicationContext) {
	RegisterPaymentClient(app, client.Fallback(&FakePaymentClient{
		FindPaymentsFunc: func(ctx context.Context, state string, page *int) ([]Payment, error) {
			return nil, nil
		},
	}))
}

func forTests() *Billing {
	return NewBilling(&FakePaymentClient{
		GetPaymentFunc: func(ctx context.Context, paymentID string) (Payment, error) {
			return Payment{ID: paymentID}, nil
		},
	})
}

var _ = []any{register, registerWithFallback, forTests}
