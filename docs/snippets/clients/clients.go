// SPDX-License-Identifier: Apache-2.0

// Package clients holds the snippets of docs/clients.md.
package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/port"
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

func newMyPort(cfg port.PortConfig) (port.HttpClientPort, error) {
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

type CRUD[T any] struct {
	Get    func(ctx context.Context, id string) (T, error) `get:"/{id}"`
	Create func(ctx context.Context, body T) (T, error)    `post:"/"`
	Delete func(ctx context.Context, id string) error      `delete:"/{id}"`
}

type UserClient struct {
	client.HttpClient `url:"http://users:8080/users"`
	CRUD[User]

	Delete func(ctx context.Context, id string) error `delete:"/{id}/now"`
}

// User is what the service knows of one.
type User struct{ Name string }

type Search struct {
	Shop   string    `path:"shop"`
	Term   string    `query:"q,omitempty"` // left out when it is empty
	Page   int       `query:"page" default:"1"`
	Size   *int      `query:"size"` // left out when it is nil
	Tags   []string  `query:"tag"`  // tag=a&tag=b
	Since  time.Time `query:"since,omitempty" layout:"2006-01-02"`
	Tenant string    `header:"X-Tenant"`
	Theme  string    `cookie:"theme" default:"dark"`
}

type Order struct {
	ID   string     `path:"id"`
	Body NewProduct `body:""`
}

type Login struct {
	User     string `form:"user"` // application/x-www-form-urlencoded
	Password string `form:"password"`
}

type ShopClient struct {
	client.HttpClient `url:"http://shop:8080" headers:"X-Client: shop"`

	Search func(ctx context.Context, search Search) ([]Product, error)           `get:"/shops/{shop}/products"`
	Order  func(ctx context.Context, order Order) error                          `put:"/orders/{id}"`
	Login  func(ctx context.Context, login Login) error                          `post:"/login"`
	Import func(ctx context.Context, products []Product) error                   `post:"/import" content-type:"application/xml"`
	Quick  func(ctx context.Context, opts ...client.CallOption) (Product, error) `get:"/quick"`
}

// Quickly is a call with options.
func Quickly(ctx context.Context, shop *ShopClient) (Product, error) {
	product, err := shop.Quick(ctx, client.CallTimeout(200*time.Millisecond), client.NoRetry())
	return product, err
}

type ListClient struct {
	client.ServiceClient `url:"http://catalog:8080"`

	List func(ctx context.Context, category string) (client.Response[[]Product], error) `get:"/products{?category}"`
	More func(ctx context.Context, link client.URL) (client.Response[[]Product], error) `get:"/products"`
}

func PrintAll(ctx context.Context, catalog *ListClient) error {
	first := func(ctx context.Context) (client.Response[[]Product], error) {
		return catalog.List(ctx, "garden")
	}
	for page, err := range client.Pages(ctx, first, catalog.More) {
		if err != nil {
			return err
		}
		fmt.Println(page.Body)
	}
	return nil
}

// Price is what a product costs.
type Price struct {
	Product string `json:"product"`
	Cents   int    `json:"cents"`
}

type PriceClient struct {
	client.ServiceClient `url:"http://prices:8080"`

	Get func(ctx context.Context, header http.Header) (client.Response[[]Price], error) `get:"/prices"`
}

// Poller asks for prices and keeps those that it has.
type Poller struct {
	service *PriceClient
	etag    string
	prices  []Price
}

func (p *Poller) Poll(ctx context.Context) error {
	header := http.Header{}
	if p.etag != "" {
		header.Set("If-None-Match", p.etag)
	}
	response, err := p.service.Get(ctx, header)
	if err != nil || response.Status == http.StatusNotModified {
		return err
	}
	p.etag, p.prices = response.Header.Get("ETag"), response.Body
	return nil
}

func LogRequests(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		slog.Debug("request", "curl", client.Curl(req))
		return next(req)
	}
}

type FeedClient struct {
	client.ServiceClient `url:"http://feed:8080"`

	Download func(ctx context.Context, name string) (io.ReadCloser, error) `get:"/files/{name}"`
	Products func(ctx context.Context) iter.Seq2[Product, error]           `get:"/products"`
	Events   func(ctx context.Context) iter.Seq2[client.Event, error]      `get:"/events"`
}

// FindRake reads a sequence.
func FindRake(ctx context.Context, feed *FeedClient) error {
	for product, err := range feed.Products(ctx) {
		if err != nil {
			return err
		}
		if product.Name == "rake" {
			break // closes the connection
		}
	}
	return nil
}

var bestsellers []Product

type Keys struct{}

func (*Keys) Sign(method, path string) string { return method + path }

func Signing(keys *Keys) client.Interceptor {
	return func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			req.Header.Set("X-Signature", keys.Sign(req.Method, req.URL.Path))
			return next(req)
		}
	}
}

type Store struct{}

func (*Store) Get(string) *http.Response                              { return nil }
func (*Store) Put(_ string, r *http.Response) (*http.Response, error) { return r, nil }

func Cache(store *Store) client.CallInterceptor {
	return func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if kept := store.Get(req.URL.String()); kept != nil {
				return kept, nil
			}
			response, err := next(req)
			if err != nil {
				return nil, err
			}
			return store.Put(req.URL.String(), response)
		}
	}
}

type recorder struct{ http.RoundTripper }

// PrintStats prints the counters of an application's clients.
func PrintStats(app *container.ApplicationContext) {
	for _, stats := range client.Stats(app) {
		fmt.Println(stats.Client, stats.Calls, stats.Failures, stats.Retries, stats.CircuitBreakers[0].State)
	}
}

// InstallRecorder wraps the transport of all clients.
func InstallRecorder(app *container.ApplicationContext) {
	app.Install(client.Module(client.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return recorder{next}
	})))
}

type ProductReader struct{ get *client.Operation }

func NewProductReader(inventory *InventoryClient) (*ProductReader, error) {
	get, err := inventory.Operation("GetProduct")
	return &ProductReader{get}, err
}

func (r *ProductReader) Read(ctx context.Context, id string) (p Product, err error) {
	message := client.Message{Path: "/products/" + url.PathEscape(id)}
	err = r.get.Do(ctx, message, func(_ int, _ http.Header, body []byte) error {
		return json.Unmarshal(body, &p)
	})
	return p, err
}

// RegisterMore registers a fallback and an interceptor.
func RegisterMore(app *container.ApplicationContext) {
	client.Register[ShopClient](app, client.Fallback(&ShopClient{
		Search: func(ctx context.Context, search Search) ([]Product, error) {
			slog.Warn("showing bestsellers", "cause", client.Cause(ctx))
			return bestsellers, nil
		},
	}))
	app.Register(Signing, container.Order(1))
}

type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func Refusals() client.ErrorDecoder {
	return func(e *client.Error) error {
		var refusal Refusal
		if e.Client != "payment-client" || json.Unmarshal(e.Body, &refusal) != nil {
			return nil // not our concern
		}
		return &refusal
	}
}
