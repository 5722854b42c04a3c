// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"iter"
	"net/http"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestTheGuidesDeclarationsAreRight(t *testing.T) {
	for name, err := range map[string]error{
		"InventoryClient": client.Describe[InventoryClient]().Err(),
		"PaymentClient":   client.Describe[PaymentClient]().Err(),
		"SearchClient":    client.Describe[SearchClient]().Err(),
		"ShopClient":      client.Describe[ShopClient]().Err(),
		"UserClient":      client.Describe[UserClient]().Err(),
		"FeedClient":      client.Describe[FeedClient]().Err(),
		"ListClient":      client.Describe[ListClient]().Err(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if lines := describe(); len(lines) != 5 || lines[0] != "GetProduct: GET /products/{product_id}" {
		t.Errorf("%q", lines)
	}
}

func TestALoopEndsWhereItIsLeft(t *testing.T) {
	feed := &FeedClient{Products: func(context.Context) iter.Seq2[Product, error] {
		return func(yield func(Product, error) bool) {
			if yield(Product{Name: "rake"}, nil) {
				t.Error("the loop went on")
			}
		}
	}}
	if err := FindRake(t.Context(), feed); err != nil {
		t.Error(err)
	}
}

func TestTheShopAsks(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/quick").RespondJSON(http.StatusOK, Product{Name: "rake"})
	port.On("GET", "/shops/{shop}/products").Respond(http.StatusServiceUnavailable, "")
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	app.Install(client.Module(client.WithFactory(port.Factory())))
	app.RegisterInstance(&Keys{})
	RegisterMore(app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	shop := container.Must(container.Get[*ShopClient](app))
	if product, err := Quickly(t.Context(), shop); err != nil || product.Name != "rake" {
		t.Errorf("got %v, %v", product, err)
	}
	if _, err := shop.Search(t.Context(), Search{Shop: "s"}); err != nil {
		t.Errorf("the fallback was not used: %v", err)
	}
}

func TestARefusalIsFound(t *testing.T) {
	decode := Refusals()
	if err := decode(&client.Error{Client: "payment-client", Body: []byte(`{"Reason":"no funds"}`)}); err == nil || err.Error() != "no funds" {
		t.Errorf("got %v", err)
	}
	if err := decode(&client.Error{Client: "payment-client", Body: []byte("<html>")}); err != nil {
		t.Errorf("got %v", err)
	}
}
