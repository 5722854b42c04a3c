// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// inventoryService stands for the service of the guide.
func inventoryService() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "p-1001" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"title":"there is no such product"}`))
			return
		}
		_, _ = w.Write([]byte(`{"id":"p-1001","name":"Bow Rake"}`))
	})
	return mux
}

func newInventory(ctx context.Context) (*container.ApplicationContext, *InventoryClient, error) {
	app := container.NewApplicationContext(
		container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(clienttest.HandlerFactory(inventoryService()))))
	client.Register[InventoryClient](app)
	if err := app.Start(ctx); err != nil {
		return nil, nil, err
	}
	inventory, err := container.Get[*InventoryClient](app)
	return app, inventory, err
}

func Example() {
	ctx := context.Background()
	app, inventory, err := newInventory(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	product, err := inventory.GetProduct(ctx, "p-1001")
	fmt.Println(product.Name, err)

	_, err = inventory.GetProduct(ctx, "p-7")
	fmt.Println(err)
	fmt.Println(errors.Is(err, client.ErrNotFound))

	_, err = inventory.GetProduct(ctx, "")
	fmt.Println(err)
	// Output:
	// Bow Rake <nil>
	// inventory-client.GetProduct: GET http://localhost:8080/products/p-7: 404 Not Found: there is no such product
	// true
	// inventory-client.GetProduct: GET http://localhost:8080/products/{product_id}: the request cannot be sent: the path argument product_id is empty
}

type wrongClient struct {
	client.HttpClient `url:"http://inventory:8080"`

	GetProduct func(ctx context.Context) (Product, error)    `get:"/products/{product_id}"`
	ListAll    func(ctx context.Context) ([]Product, error)  `gett:"/products"`
	Remove     func(ctx context.Context, id string) *Product `delete:"/products/{id}"`
}

func Example_wrongDeclaration() {
	fmt.Println(client.Describe[wrongClient]().Err())
	// Output:
	// wrongClient.GetProduct: the path "/products/{product_id}" has a variable {product_id} that no argument gives
	// wrongClient.ListAll: unknown tag "gett": it may be one of get, post, put, delete, patch, head, options, idempotent, content-type, accept, headers, reconnect, timeout; did you mean get?
	// wrongClient.ListAll: has no verb: tag it, for example `get:"/path"`, or make the field unexported
	// wrongClient.Remove: does not return error, (T, error) or iter.Seq2[T, error]
}

func ExamplePoller() {
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(`[{"product":"p-1001","cents":1995}]`))
	})
	ctx := context.Background()
	app := container.NewApplicationContext(
		container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(clienttest.HandlerFactory(service))))
	client.Register[PriceClient](app)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	poller := &Poller{service: container.Must(container.Get[*PriceClient](app))}
	for range 2 {
		fmt.Println(poller.Poll(ctx), poller.etag, poller.prices)
	}
	fmt.Println(client.Stats(app)[0].Failures)
	// Output:
	// <nil> "v1" [{p-1001 1995}]
	// <nil> "v1" [{p-1001 1995}]
	// 0
}

func TestAClientThatIsNotWiredSaysSo(t *testing.T) {
	_, err := client.NewStub[InventoryClient]().GetProduct(t.Context(), "p-1001")
	var notWired *kernel.NotWiredError
	if !errors.As(err, &notWired) || notWired.Method != "GetProduct" {
		t.Errorf("got %v", err)
	}
}
