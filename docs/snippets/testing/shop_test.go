// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestSoldOut(t *testing.T) {
	service := NewService(&InventoryClient{
		GetProduct: func(context.Context, string) (Product, error) { return Product{}, client.ErrNotFound },
	})
	if _, err := service.Name(t.Context(), "p-1"); !errors.Is(err, ErrSoldOut) {
		t.Errorf("got %v", err)
	}
}

func newApplication(opts ...client.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	app.Install(client.Module(opts...))
	client.Register[InventoryClient](app)
	app.Register(NewService)
	return app
}

func TestOverride(t *testing.T) {
	app := newApplication()
	app.Override(func() *InventoryClient {
		return &InventoryClient{
			GetProduct: func(_ context.Context, id string) (Product, error) { return Product{ID: id, Name: "rake"}, nil },
		}
	})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	if name, err := container.Must(container.Get[*Service](app)).Name(t.Context(), "p-1"); err != nil || name != "rake" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestRetriesUntilTheServiceResponds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := clienttest.NewPort()
		port.On("GET", "/products/{id}").
			Respond(http.StatusServiceUnavailable, "").
			RespondJSON(http.StatusOK, Product{Name: "rake"})

		app := newApplication(client.WithFactory(port.Factory()))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer app.Stop(context.Background())

		begun := time.Now()
		name, err := container.Must(container.Get[*Service](app)).Name(t.Context(), "p-1")
		if err != nil || name != "rake" || time.Since(begun) != time.Second {
			t.Errorf("%q, %v after %s", name, err, time.Since(begun))
		}
		if sent := port.Requests(); len(sent) != 2 || sent[0].Path != "/products/p-1" {
			t.Errorf("sent %+v", sent)
		}
	})
}

func TestAgainstAHandler(t *testing.T) {
	inventory := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"id":"p-1","name":"rake"}`))
	})
	app := newApplication(client.WithFactory(clienttest.HandlerFactory(inventory)))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer app.Stop(context.Background())
	if name, err := container.Must(container.Get[*Service](app)).Name(t.Context(), "p-1"); err != nil || name != "rake" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestMyAdapter(t *testing.T) {
	clienttest.RunPortSuite(t, client.NewNetHTTPAdapter) // or a factory of your own
}

func TestTheDeclaration(t *testing.T) {
	if err := client.Describe[InventoryClient]().Err(); err != nil {
		t.Error(err)
	}
}

func TestAMethodThatIsNotSet(t *testing.T) {
	if _, err := client.NewStub[InventoryClient]().GetProduct(t.Context(), "p-1"); !errors.As(err, new(*kernel.NotWiredError)) {
		t.Errorf("of a stub: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a method of a bare literal did not panic")
		}
	}()
	_, _ = (&InventoryClient{}).GetProduct(t.Context(), "p-1")
}
