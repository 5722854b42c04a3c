// SPDX-License-Identifier: Apache-2.0

// Package clients holds the snippets of docs/clients.md.
package clients

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type (
	Product    struct{ ID, Name string }
	NewProduct struct{ Name string }
	Payment    struct{ OrderID string }
)

type InventoryClient struct {
	client.HttpClient `url:"${inventory.url:http://localhost:8080}"`

	GetProduct     func(ctx context.Context, productID string) (Product, error)                  `get:"/products/{product_id}"`
	SearchProducts func(ctx context.Context, category string, inStock bool) ([]Product, error)   `get:"/products{?category,in_stock}"`
	CreateProduct  func(ctx context.Context, body NewProduct) (Product, error)                   `post:"/products"`
	UpdateProduct  func(ctx context.Context, productID string, body NewProduct) (Product, error) `put:"/products/{product_id}"`
	DeleteProduct  func(ctx context.Context, productID string) error                             `delete:"/products/{product_id}"`
}

type PaymentClient struct {
	client.ServiceClient `url:"http://payment-service:8080" retry:"3" failure-threshold:"5" recovery-timeout:"60s" retry-base-delay:"1s"`

	Charge     func(ctx context.Context, body Payment) (Payment, error)     `post:"/payments" idempotent:"true"`
	GetPayment func(ctx context.Context, paymentID string) (Payment, error) `get:"/payments/{payment_id}"`
}

// Register is what main does.
func Register() error {
	app := container.NewApplicationContext()
	app.Install(client.Module())
	client.Register[InventoryClient](app)
	client.Register[PaymentClient](app)
	app.Register(NewShop)
	return app.Run(context.Background())
}

type Shop struct {
	inventory *InventoryClient
	payments  *PaymentClient
}

func NewShop(inventory *InventoryClient, payments *PaymentClient) *Shop {
	return &Shop{inventory, payments}
}

type SearchClient struct {
	client.HttpClient `url:"http://search:8080"`

	Find   func(ctx context.Context, tags []string, page *int) ([]Product, error)                      `get:"/find{?tags,page}"`
	Filter func(ctx context.Context, more url.Values, header http.Header) ([]Product, error)           `get:"/find?sort=name"`
	Touch  func(ctx context.Context, id string, body map[string]any) (client.Response[Product], error) `patch:"/products/{id}"`
	Export func(ctx context.Context) ([]byte, error)                                                   `get:"/export"`
}

var ErrSoldOut = errors.New("sold out")

func (s *Shop) Name(ctx context.Context, productID string) (string, error) {
	product, err := s.inventory.GetProduct(ctx, productID)
	if errors.Is(err, client.ErrNotFound) {
		return "", ErrSoldOut
	}
	var failure *client.Error
	if errors.As(err, &failure) && failure.Status == http.StatusTeapot {
		slog.Warn("odd", "method", failure.Method, "body", string(failure.Body), "attempts", failure.Attempts)
	}
	return product.Name, err
}

func (s *Shop) CanSell() bool {
	return s.payments.CircuitBreaker().State() != client.StateOpen
}

func describe() []string {
	var lines []string
	declaration := client.Describe[InventoryClient]()
	for _, m := range declaration.Methods {
		lines = append(lines, m.Name+": "+m.Verb+" "+m.Path)
	}
	return lines
}

type myPort struct{ library *http.Client }

func (p *myPort) Request(req *http.Request) (*http.Response, error) {
	return p.library.Do(req) // after joining req.URL to the base URL
}

func (p *myPort) Start(ctx context.Context) error { return nil }
func (p *myPort) Stop(ctx context.Context) error  { return nil }

func newMyPort(cfg client.PortConfig) (client.HttpClientPort, error) {
	return &myPort{library: &http.Client{Timeout: cfg.Timeout}}, nil
}

// Replace puts another port behind all clients.
func Replace(app *container.ApplicationContext) {
	app.Install(client.Module(client.WithFactory(newMyPort))) // for all clients, or
	app.RegisterInstance(client.HttpClientFactory(newMyPort)) // as a bean
}

// Alone uses a client without an application context.
func Alone(ctx context.Context) error {
	processor := client.NewHttpClientBeanPostProcessor()
	defer processor.Stop(ctx)
	inventory := client.NewStub[InventoryClient]()
	if _, err := processor.AfterInit(inventory, "inventoryClient"); err != nil {
		return err
	}
	_, err := inventory.GetProduct(ctx, "p-1001")
	return err
}
