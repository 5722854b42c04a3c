// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// shelf is a service with one product.
func shelf(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/products/42" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"title":"No such product"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(Product{ID: "42", Name: "Cedar Bird House"})
}

func ExampleRegister() {
	service := httptest.NewServer(http.HandlerFunc(shelf))
	defer service.Close()
	ctx := context.Background()

	app := container.NewApplicationContext(
		container.WithConfig(config.New(map[string]any{"pyfly.client.services.inventory-client.base-url": service.URL})),
		container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[InventoryClient](app)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	inventory := container.Must(container.Get[*InventoryClient](app))
	product, err := inventory.GetProduct(ctx, "42")
	fmt.Println(product.Name, err)

	_, err = inventory.GetProduct(ctx, "43")
	var failure *client.Error
	if errors.Is(err, client.ErrNotFound) && errors.As(err, &failure) {
		fmt.Println(failure.Method, failure.Status, failure.Problem.Title)
	}
	// Output:
	// Cedar Bird House <nil>
	// GetProduct 404 No such product
}

func ExampleNewHttpClientBeanPostProcessor() {
	service := httptest.NewServer(http.HandlerFunc(shelf))
	defer service.Close()
	ctx := context.Background()

	p := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(map[string]any{
		"pyfly.client.services.inventory-client.base-url": service.URL,
	})))
	defer func() { _ = p.Stop(ctx) }()
	inventory := client.NewStub[InventoryClient]()
	if _, err := p.AfterInit(inventory, "inventoryClient"); err != nil {
		fmt.Println(err)
		return
	}
	product, err := inventory.GetProduct(ctx, "42")
	fmt.Println(product.Name, err)
	// Output: Cedar Bird House <nil>
}

func ExampleNewStub() {
	inventory := client.NewStub[InventoryClient]()
	_, err := inventory.GetProduct(context.Background(), "42")
	var notWired *kernel.NotWiredError
	fmt.Println(errors.As(err, &notWired))
	fmt.Println(err)
	// Output:
	// true
	// InventoryClient.GetProduct has not been wired by HttpClientBeanPostProcessor. Make sure the ApplicationContext is started.
}

func ExampleDescribe() {
	d := client.Describe[InventoryClient]()
	fmt.Println(d.Name, d.BaseURL)
	for _, m := range d.Methods[:2] {
		fmt.Println(m.Name, m.Verb, m.Path)
	}
	// Output:
	// inventory-client http://inventory-service:8080
	// GetProduct GET /products/{product_id}
	// SearchProducts GET /products{?category,in_stock}
}

func ExampleWithFactory() {
	// Any HTTP library can stand behind the port; here it is a function.
	factory := func(cfg client.PortConfig) (client.HttpClientPort, error) {
		fmt.Println("a port for", cfg.Name, "with a timeout of", cfg.Timeout)
		return portFunc(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusOK, `{"name":"from my library"}`), nil
		}), nil
	}
	app := container.NewApplicationContext(
		container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(factory)))
	client.Register[InventoryClient](app)
	_ = app.Start(context.Background())
	product, _ := container.Must(container.Get[*InventoryClient](app)).GetProduct(context.Background(), "1")
	fmt.Println(product.Name)
	_ = app.Stop(context.Background())
	// Output:
	// a port for inventory-client with a timeout of 30s
	// from my library
}
