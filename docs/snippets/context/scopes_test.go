// SPDX-License-Identifier: Apache-2.0

package context

import (
	"database/sql"
	"net/http"
	"testing"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/container/containertest"
)

func TestCatalog(t *testing.T) {
	app := containertest.New(t, ShopModule(), containertest.Override(func() Cache { return localCache{} }))
	catalog := container.Must(container.Get[*CatalogService](app))
	catalog.ChangePrice(app.Events(), "p-1")
}

func TestTheShopCanBeWired(t *testing.T) { containertest.Validate(t, ShopModule()) }

func TestConditions(t *testing.T) {
	for profile, want := range map[string]string{"prod": "*context.redisCache", "eu": "context.localCache"} {
		app := container.NewApplicationContext(container.WithProfiles(profile), container.WithConfig(config.New(nil)))
		Conditions(app)
		beans := app.Beans()
		if len(beans) != 1 {
			t.Fatalf("beans %v", beans)
		}
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := container.Get[Cache](app); err != nil || profile == "prod" && beans[0].Type != want {
			t.Errorf("%s: %v, %v", profile, beans, err)
		}
		stop(t, app)
	}
}

func TestEachCheckoutGetsACartOfItsOwn(t *testing.T) {
	app := containertest.New(t,
		containertest.Register(NewCheckout),
		containertest.Register(func() *Cart { return &Cart{} }, container.Prototype()))
	checkout := container.Must(container.Get[*Checkout](app))
	one, other := container.Must(checkout.Begin()), container.Must(checkout.Begin())
	if one == other {
		t.Error("both are the same cart")
	}
}

func TestAConstructorMayReturnSeveralBeans(t *testing.T) {
	type routes struct {
		dig.In
		Routes []http.Handler `group:"routes"`
		Orders *sql.DB        `name:"orders"`
	}
	containertest.New(t,
		containertest.Register(func() Connections {
			return Connections{Orders: &sql.DB{}, Invoices: &sql.DB{}, Health: http.NotFoundHandler()}
		}),
		containertest.Register(func(in routes) *Worker {
			if len(in.Routes) != 1 || in.Orders == nil {
				t.Errorf("got %+v", in)
			}
			return &Worker{}
		}))
}

func TestAnImportEndsTheApplication(t *testing.T) {
	app := newApp(nil)
	app.Register(func(app *container.ApplicationContext) *Import { return &Import{app} })
	if err := app.Run(t.Context()); err != nil {
		t.Error(err)
	}
}
